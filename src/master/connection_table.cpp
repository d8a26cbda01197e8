#include "connection_table.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using fastcgi::HeadScanner;
using os::ReadResult;

constexpr std::uint32_t parked_events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;

std::span<std::byte> look_room() {
    static std::array<std::byte, look_bytes> room;
    return room;
}

std::string_view text_in_room(std::size_t size) {
    return {reinterpret_cast<const char*>(look_room().data()), size};
}

bool is_ready(HeadScanner::Verdict verdict) {
    return verdict != HeadScanner::Verdict::incomplete;
}

/// A connection that goes on after this request is one the master wants back; so is one that has only sent a
/// question about the server (FastCGI 1.0, 4.1), which begins no request.
bool comes_back(const HeadScanner& scanner) {
    return scanner.verdict() == HeadScanner::Verdict::for_worker || scanner.keep_connection();
}

}  // namespace

/// Where a connection of the table is.
enum class ConnectionTable::Place : std::uint8_t {
    away,    ///< part of a job or with a worker: not watched
    parked,  ///< its request has to arrive
    idle     ///< between two requests: may be silent
};

class ConnectionTable::Entry final : public ReadyHandler {
  public:
    Entry(ConnectionTable& owner, link::ConnectionId its_id, os::UniqueFd its_fd)
        : table(owner), id(its_id), fd(std::move(its_fd)), lease(owner.around_.share.lease()) {}
    void on_ready(std::uint32_t) override { table.read_more(*this); }

    ConnectionTable& table;
    link::ConnectionId id;
    os::UniqueFd fd;
    Watch watch;
    HeadScanner scanner;
    std::string buffer;
    std::optional<base::WorkerSlot> holder;
    ConnectionShare::Lease lease;
    Place place = Place::away;
    bool was_lent = false;  ///< a worker has had it, and may have set SO_LINGER
    bool kept = false;      ///< has served a request
    std::uint32_t waits =
        0;  ///< how often it has waited, so that an old deadline is told from the present one
};

ConnectionTable::ConnectionTable(const Surroundings& around, JobTaker& taker)
    : around_(around),
      taker_(taker),
      heads_(
          around.loop, around.settings.request_header_timeout,
          [this](const Deadlines::Wait& wait) { return find(wait) != nullptr; },
          [this](const Deadlines::Wait& wait) { close(*find(wait), ClientEvent::late_head); }),
      idle_ones_(
          around.loop, around.settings.keepalive_timeout,
          [this](const Deadlines::Wait& wait) { return find(wait) != nullptr; },
          [this](const Deadlines::Wait& wait) { remove(*find(wait)); }) {}

ConnectionTable::~ConnectionTable() {
    for (const auto& entry : entries_) {
        if (entry) remove(*entry);
    }
}

ConnectionTable::Entry* ConnectionTable::find(link::ConnectionId id) const {
    if (id.index >= entries_.size() || generations_[id.index] != id.generation) return nullptr;
    return entries_[id.index].get();
}

ConnectionTable::Entry* ConnectionTable::find(const Deadlines::Wait& wait) const {
    Entry* entry = find(wait.id);
    return entry != nullptr && entry->waits == wait.number ? entry : nullptr;
}

ConnectionTable::Entry& ConnectionTable::create(os::UniqueFd fd) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(entries_.size()));
        entries_.emplace_back();
        generations_.push_back(0);
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    entries_[index] =
        std::make_unique<Entry>(*this, link::ConnectionId{index, generations_[index]}, std::move(fd));
    return *entries_[index];
}

ConnectionTable::Entry& ConnectionTable::create(PassedConnection connection) {
    Entry& entry = create(std::move(connection.fd));
    entry.was_lent = true;
    entry.kept = connection.served == Served::yes;
    entry.buffer = std::move(connection.bytes);
    buffered_bytes_ += entry.buffer.size();
    return entry;
}

void ConnectionTable::remove(Entry& entry) {
    const std::uint32_t index = entry.id.index;
    buffered_bytes_ -= entry.buffer.size();
    move_to(entry, Place::away);
    entry.watch = {};
    if (entry.fd) os::close_without_lingering(std::move(entry.fd));
    ++generations_[index];
    free_.push_back(index);
    entries_[index].reset();
}

void ConnectionTable::close(Entry& entry, ClientEvent why) {
    around_.log.tell(why, entry.fd.get());
    remove(entry);
}

/// Keeps the numbers of the status page and ends the deadline of the place it leaves.
void ConnectionTable::move_to(Entry& entry, Place place) {
    if (entry.place == place) return;
    const auto number_of = [this](Place where) {
        return where == Place::parked ? &around_.page.parked
               : where == Place::idle ? &around_.page.kept_idle
                                      : nullptr;
    };
    if (auto* number = number_of(entry.place)) number->fetch_sub(1, std::memory_order_relaxed);
    if (auto* number = number_of(place)) number->fetch_add(1, std::memory_order_relaxed);
    entry.place = place;
    ++entry.waits;
    if (place == Place::parked) heads_.begin({entry.id, entry.waits});
    if (place == Place::idle) idle_ones_.begin({entry.id, entry.waits});
}

bool ConnectionTable::close_idle_longest(std::chrono::milliseconds least) {
    const auto wait = idle_ones_.oldest(least);
    if (!wait) return false;
    Entry& entry = *find(*wait);
    // What has just begun to arrive is a request, and must not be lost.
    if (os::peek(entry.fd.get(), look_room()).state == ReadResult::State::bytes) return false;
    close(entry, ClientEvent::evicted);
    return true;
}

/// All of a job but its connection.
Job ConnectionTable::describe(const HeadScanner& scanner, std::string_view head) const {
    Job job;
    job.request_id = scanner.head().request_id;
    job.asks_for_page = scanner.verdict() == HeadScanner::Verdict::complete && taker_.is_own_page(head);
    return job;
}

std::optional<Job> ConnectionTable::admit(os::UniqueFd fd) {
    const ReadResult seen = os::peek(fd.get(), look_room());
    if (seen.state == ReadResult::State::end) {
        os::close_without_lingering(std::move(fd));
        return std::nullopt;
    }
    HeadScanner scanner;
    if (seen.state == ReadResult::State::bytes) scanner.feed(look_room().first(seen.size));
    if (is_ready(scanner.verdict())) {
        Job job = describe(scanner, text_in_room(seen.size));
        if (comes_back(scanner)) {
            job.held = create(std::move(fd)).id;
        } else {
            job.fd = std::move(fd);
            job.lease = around_.share.lease();
        }
        return job;
    }
    Entry& entry = create(std::move(fd));
    if (seen.state == ReadResult::State::bytes) {
        // Taken at once: a Unix socket holds only so many small packets, and a head in pieces would never
        // become whole behind them.
        read_more(entry);
    } else {
        wait_for_more(entry);
    }
    return std::nullopt;
}

std::optional<Job> ConnectionTable::take_in(PassedConnection connection) {
    // Workers accept without asking, one each on top of queue.max_connections; and one may give the same
    // connection again and again. What is accepted already cannot wait until another has been idle for long.
    const config::PoolSettings& settings = around_.settings;
    const auto with_one_each =
        static_cast<std::size_t>(settings.queue_max_connections + settings.pm_max_children);
    const bool has_place = around_.share.has_room() ||
                           (settings.queue_max_connections > 0 && around_.share.held() < with_one_each);
    if (!has_place && !close_idle_longest(std::chrono::milliseconds(0))) {
        around_.log.tell(ClientEvent::no_room);
        os::close_without_lingering(std::move(connection.fd));
        return std::nullopt;
    }
    Entry& entry = create(std::move(connection));
    // Looked at now, so that one whose end is here costs no event of its own, outside the pool's time share.
    return entry.buffer.empty() ? read_head(entry) : judge_head(entry);
}

void ConnectionTable::lend(link::ConnectionId id, base::WorkerSlot holder) {
    Entry* entry = find(id);
    if (entry == nullptr) return;
    entry->holder = holder;
    entry->was_lent = true;
}

void ConnectionTable::take_back(Job& job) {
    Entry* entry = job.held ? find(*job.held) : nullptr;
    if (entry != nullptr) entry->holder.reset();
    const int fd = entry != nullptr ? entry->fd.get() : job.fd.get();
    if (fd < 0) return;
    std::string_view head = job.bytes;
    if (head.empty()) head = text_in_room(os::peek(fd, look_room()).size);
    HeadScanner scanner;
    scanner.feed(std::as_bytes(std::span(head)));
    const Job seen = describe(scanner, head);
    job.request_id = seen.request_id;
    job.asks_for_page = seen.asks_for_page;
    if (job.fd) job.lease = around_.share.lease();
}

os::UniqueFd ConnectionTable::release(link::ConnectionId id) {
    Entry* entry = find(id);
    if (entry == nullptr) return {};
    os::UniqueFd fd = std::move(entry->fd);
    entry->watch = {};
    remove(*entry);
    return fd;
}

bool ConnectionTable::give_back(link::ConnectionId id, base::WorkerSlot holder, bool closed,
                                std::string bytes) {
    Entry* entry = find(id);
    if (entry == nullptr || entry->holder != holder) return false;
    entry->holder.reset();
    if (closed) {
        remove(*entry);
        return true;
    }
    entry->kept = true;
    entry->scanner.reset();
    buffered_bytes_ += bytes.size() - entry->buffer.size();
    entry->buffer = std::move(bytes);
    judge(*entry);
    return true;
}

bool ConnectionTable::is_lent_to(link::ConnectionId id, base::WorkerSlot holder) const {
    const Entry* entry = find(id);
    return entry != nullptr && entry->holder == holder;
}

std::vector<os::UniqueFd> ConnectionTable::release_held_by(base::WorkerSlot holder) {
    std::vector<os::UniqueFd> released;
    for (const auto& entry : entries_) {
        if (entry && entry->holder == holder) released.push_back(release(entry->id));
    }
    return released;
}

void ConnectionTable::close_held_by(base::WorkerSlot holder) {
    for (const auto& entry : entries_) {
        if (entry && entry->holder == holder) remove(*entry);
    }
}

int ConnectionTable::fd_of(link::ConnectionId id) const {
    const Entry* entry = find(id);
    return entry == nullptr ? -1 : entry->fd.get();
}

void ConnectionTable::close_parked() {
    for (const auto& entry : entries_) {
        if (entry && entry->place != Place::away) remove(*entry);
    }
}

std::vector<PassedConnection> ConnectionTable::take_parked() {
    std::vector<PassedConnection> taken;
    for (const auto& entry : entries_) {
        if (!entry || entry->place == Place::away) continue;
        entry->watch = {};
        buffered_bytes_ -= entry->buffer.size();
        taken.push_back(
            {std::move(entry->fd), entry->kept ? Served::yes : Served::no, std::exchange(entry->buffer, {})});
        remove(*entry);
    }
    return taken;
}

void ConnectionTable::park(PassedConnection connection) {
    Entry& entry = create(std::move(connection));
    judge(entry);
}

link::ConnectionId ConnectionTable::hold(os::UniqueFd fd) {
    Entry& entry = create(std::move(fd));
    entry.was_lent = true;
    return entry.id;
}

void ConnectionTable::read_more(Entry& entry) {
    if (auto job = read_head(entry)) taker_.take_job(*std::move(job));
}

void ConnectionTable::judge(Entry& entry) {
    if (auto job = judge_head(entry)) taker_.take_job(*std::move(job));
}

std::optional<Job> ConnectionTable::read_head(Entry& entry) {
    const ReadResult result = os::read_available(entry.fd.get(), look_room());
    if (result.state != ReadResult::State::bytes) {
        result.state == ReadResult::State::end ? remove(entry) : wait_for_more(entry);
        return std::nullopt;
    }
    const auto bytes = look_room().first(result.size);
    try {
        entry.buffer.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    } catch (const std::bad_alloc&) {
        close(entry, ClientEvent::out_of_memory);
        return std::nullopt;
    }
    buffered_bytes_ += bytes.size();
    entry.scanner.feed(bytes);
    if (is_ready(entry.scanner.verdict())) return judge_head(entry);
    wait_for_more(entry);
    return std::nullopt;
}

std::optional<Job> ConnectionTable::judge_head(Entry& entry) {
    if (!is_ready(entry.scanner.verdict()) && !entry.scanner.begun() && !entry.buffer.empty()) {
        entry.scanner.feed(std::as_bytes(std::span(entry.buffer)));
    }
    if (!is_ready(entry.scanner.verdict())) {
        wait_for_more(entry);
        return std::nullopt;
    }
    Job job = describe(entry.scanner, entry.buffer);
    buffered_bytes_ -= entry.buffer.size();
    job.bytes = std::exchange(entry.buffer, {});
    move_to(entry, Place::away);
    // Once a worker has had it, it stays in the table: it is this table that knows how to close it.
    if (comes_back(entry.scanner) || entry.was_lent) {
        job.held = entry.id;
    } else {
        entry.watch = {};
        job.fd = std::move(entry.fd);
        remove(entry);
        job.lease = around_.share.lease();
    }
    return job;
}

/// The empty record that ends a body may come after its answer; it begins no request, and no worker needs it.
void ConnectionTable::drop_late_end(Entry& entry) {
    if (!entry.scanner.between_requests()) return;
    buffered_bytes_ -= entry.buffer.size();
    entry.buffer.clear();
    entry.scanner.reset();
}

void ConnectionTable::wait_for_more(Entry& entry) {
    drop_late_end(entry);
    const auto most_bytes = static_cast<std::size_t>(around_.settings.queue_max_buffer.bytes);
    if (buffered_bytes_ > most_bytes) return close(entry, ClientEvent::buffer_full);
    if (entry.watch) {
        entry.watch.rearm(parked_events);
    } else {
        auto watch = around_.loop.watch(entry.fd.get(), parked_events, entry);
        if (!watch) return close(entry, ClientEvent::unwatchable);
        entry.watch = *std::move(watch);
    }
    // The clock runs once a kept-alive connection has begun a head.
    move_to(entry, entry.kept && entry.buffer.empty() ? Place::idle : Place::parked);
}

}  // namespace phalanx::master

#include "connection_table.hpp"

#include <algorithm>
#include <array>

#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using fastcgi::HeadScanner;
using os::ReadResult;

/// How much of a connection is looked at or read at once.
constexpr std::size_t look_bytes = 16 * 1024;
/// Bytes of incomplete heads one pool may hold in the master's memory.
constexpr std::size_t max_buffered_bytes = 64 * 1024 * 1024;
/// How long a head may take from its first byte, and a new connection to send one.
constexpr std::chrono::seconds head_limit{10};

constexpr std::uint32_t parked_events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;

std::span<std::byte> look_room() {
    static std::array<std::byte, look_bytes> room;
    return room;
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

class ConnectionTable::Entry final : public ReadyHandler {
  public:
    Entry(ConnectionTable& owner, link::ConnectionId its_id, os::UniqueFd its_fd)
        : table(owner), id(its_id), fd(std::move(its_fd)) {}
    void on_ready(std::uint32_t) override { table.read_more(*this); }

    ConnectionTable& table;
    link::ConnectionId id;
    os::UniqueFd fd;
    Watch watch;
    HeadScanner scanner;
    std::string buffer;
    std::optional<base::WorkerSlot> holder;
    bool lent = false;       ///< part of a job or with a worker: not watched
    bool was_lent = false;   ///< a worker has had it, and may have set SO_LINGER
    bool kept = false;       ///< has served a request: may be silent as long as it likes
    bool timed = false;      ///< a deadline runs for the head at hand
    std::uint32_t wait = 0;  ///< counts deadlines, so that an old one is told from the present one
};

ConnectionTable::ConnectionTable(EventLoop& loop, JobTaker& taker)
    : loop_(loop), taker_(taker), deadline_timer_(loop) {}

ConnectionTable::~ConnectionTable() = default;

ConnectionTable::Entry* ConnectionTable::find(link::ConnectionId id) const {
    if (id.index >= entries_.size() || generations_[id.index] != id.generation) return nullptr;
    return entries_[id.index].get();
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

void ConnectionTable::remove(Entry& entry) {
    const std::uint32_t index = entry.id.index;
    buffered_bytes_ -= entry.buffer.size();
    entry.watch = {};
    if (entry.fd) os::close_without_lingering(std::move(entry.fd));
    ++generations_[index];
    free_.push_back(index);
    entries_[index].reset();
}

std::optional<Job> ConnectionTable::admit(os::UniqueFd fd) {
    const ReadResult seen = os::peek(fd.get(), look_room());
    if (seen.state == ReadResult::State::end) return std::nullopt;
    HeadScanner scanner;
    if (seen.state == ReadResult::State::bytes) scanner.feed(look_room().first(seen.size));
    if (is_ready(scanner.verdict())) {
        if (!comes_back(scanner)) return Job{std::move(fd), std::nullopt, {}};
        Entry& entry = create(std::move(fd));
        entry.lent = true;
        return Job{{}, entry.id, {}};
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

void ConnectionTable::park(os::UniqueFd fd, Served served, std::string bytes) {
    Entry& entry = create(std::move(fd));
    entry.was_lent = true;
    entry.kept = served == Served::yes;
    entry.buffer = std::move(bytes);
    buffered_bytes_ += entry.buffer.size();
    judge(entry);
}

void ConnectionTable::lend(link::ConnectionId id, base::WorkerSlot holder) {
    Entry* entry = find(id);
    if (entry == nullptr) return;
    entry->holder = holder;
    entry->was_lent = true;
}

void ConnectionTable::reclaim(link::ConnectionId id) {
    if (Entry* entry = find(id)) entry->holder.reset();
}

os::UniqueFd ConnectionTable::release(link::ConnectionId id) {
    Entry* entry = find(id);
    if (entry == nullptr) return {};
    os::UniqueFd fd = std::move(entry->fd);
    entry->watch = {};
    remove(*entry);
    return fd;
}

void ConnectionTable::drop(link::ConnectionId id) {
    if (Entry* entry = find(id)) remove(*entry);
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
    entry->lent = false;
    entry->kept = true;
    entry->scanner.reset();
    buffered_bytes_ += bytes.size() - entry->buffer.size();
    entry->buffer = std::move(bytes);
    judge(*entry);
    return true;
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
        if (entry && !entry->lent) remove(*entry);
    }
}

void ConnectionTable::move_parked_to(ConnectionTable& heir) {
    for (const auto& entry : entries_) {
        if (!entry || entry->lent) continue;
        entry->watch = {};
        Entry& moved = heir.create(std::move(entry->fd));
        moved.was_lent = entry->was_lent;
        moved.kept = entry->kept;
        moved.buffer = entry->buffer;
        heir.buffered_bytes_ += moved.buffer.size();
        remove(*entry);
        heir.judge(moved);
    }
}

link::ConnectionId ConnectionTable::hold(os::UniqueFd fd) {
    Entry& entry = create(std::move(fd));
    entry.lent = true;
    entry.was_lent = true;
    return entry.id;
}

void ConnectionTable::read_more(Entry& entry) {
    const ReadResult result = os::read_available(entry.fd.get(), look_room());
    if (result.state == ReadResult::State::end) return remove(entry);
    if (result.state == ReadResult::State::nothing) return wait_for_more(entry);
    const auto bytes = look_room().first(result.size);
    entry.buffer.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    buffered_bytes_ += bytes.size();
    entry.scanner.feed(bytes);
    if (is_ready(entry.scanner.verdict())) return judge(entry);
    wait_for_more(entry);
}

void ConnectionTable::judge(Entry& entry) {
    if (!is_ready(entry.scanner.verdict()) && !entry.scanner.begun() && !entry.buffer.empty()) {
        entry.scanner.feed(std::as_bytes(std::span(entry.buffer)));
    }
    if (!is_ready(entry.scanner.verdict())) return wait_for_more(entry);
    Job job;
    buffered_bytes_ -= entry.buffer.size();
    job.bytes = std::exchange(entry.buffer, {});
    // Once a worker has had it, it stays in the table: it is this table that knows how to close it.
    if (comes_back(entry.scanner) || entry.was_lent) {
        entry.lent = true;
        entry.timed = false;
        ++entry.wait;
        job.held = entry.id;
    } else {
        entry.watch = {};
        job.fd = std::move(entry.fd);
        remove(entry);
    }
    taker_.take_job(std::move(job));
}

void ConnectionTable::wait_for_more(Entry& entry) {
    if (buffered_bytes_ > max_buffered_bytes) {
        remove(entry);
        return taker_.connection_ended("too many bytes of incomplete requests are waiting");
    }
    if (entry.watch) {
        entry.watch.rearm(parked_events);
    } else {
        auto watch = loop_.watch(entry.fd.get(), parked_events, entry);
        if (!watch) {
            remove(entry);
            return taker_.connection_ended("it cannot be watched");
        }
        entry.watch = *std::move(watch);
    }
    watch_deadline(entry);
}

void ConnectionTable::watch_deadline(Entry& entry) {
    // A kept-alive connection may be silent; the clock runs once it has begun a head.
    const bool waits_freely = entry.kept && entry.buffer.empty();
    if (waits_freely || entry.timed) return;
    entry.timed = true;
    ++entry.wait;
    deadlines_.push_back({base::Monotonic::now() + head_limit, entry.id, entry.wait});
    if (!deadline_timer_.armed()) deadline_timer_.start(head_limit, [this] { check_deadlines(); });
}

void ConnectionTable::check_deadlines() {
    const auto now = base::Monotonic::now();
    while (!deadlines_.empty() && deadlines_.front().at <= now) {
        const Deadline due = deadlines_.front();
        deadlines_.pop_front();
        Entry* entry = find(due.id);
        if (entry == nullptr || entry->wait != due.wait) continue;
        remove(*entry);
        taker_.connection_ended("its request did not arrive in time");
    }
    if (deadlines_.empty()) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadlines_.front().at - now);
    deadline_timer_.start(left, [this] { check_deadlines(); });
}

}  // namespace phalanx::master

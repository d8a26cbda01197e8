// The dispatcher's line: who joins it, who leaves it unserved, and when new connections are taken into it.

#include <algorithm>
#include <bit>

#include "dispatcher.hpp"
#include "phalanx/fastcgi/short_answer.hpp"
#include "phalanx/os/lingering.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using std::chrono::milliseconds;

/// New connections that join the line before other pools and events get their turn.
constexpr int accepts_per_queue = 64;
/// Between two looks at how the workers keep up: the first after a pool has run out of idle ones, and the
/// longest where they go on keeping up.
constexpr milliseconds first_look{10};
constexpr milliseconds longest_look{40};
/// Between two looks for requests of the line whose client is gone or whose time is over, and how many
/// clients are looked at each time.
constexpr milliseconds line_look{100};
constexpr std::size_t clients_per_look = 4096;
/// A request that has waited for less is given out without asking whether its client is still there.
constexpr milliseconds sure_of_client{50};
/// How many requests of clients that are gone are passed over in search of one job.
constexpr int most_passed_over = 256;
/// How long the master looks at nothing while all workers have enough before them. (Less than they have.)
constexpr std::chrono::microseconds rest_of_master{100};
/// To rest for less costs more than to be woken.
constexpr std::chrono::microseconds shortest_rest{20};
/// What a refused client is told to wait before it tries again.
constexpr std::string_view retry_later = "Retry-After: 2\r\n";

std::string refusal(std::uint16_t request_id) {
    static fastcgi::ShortAnswer answer(fastcgi::service_unavailable, retry_later);
    answer.address_to(request_id);
    return std::string(answer.bytes());
}

}  // namespace

bool Dispatcher::take_from_line() {
    const auto sure_since = base::Monotonic::now() - sure_of_client;
    for (int passed_over = 0; !line_.empty(); ++passed_over) {
        const Job& first = line_.front();
        const bool gone = passed_over < most_passed_over && first.since < sure_since && is_gone(first);
        if (!gone) break;
        parts_.log.tell(ClientEvent::abandoned);
        page_.abandoned.fetch_add(1, std::memory_order_relaxed);
        give_up(line_.drop_first());
    }
    if (line_.empty()) return false;
    job_ = line_.take_first();
    return true;
}

/// A request whose head is here, for which no worker is idle; or nobody has looked yet whether one is.
/// Nothing: it is not full for this one.
std::optional<ClientEvent> Dispatcher::why_line_is_full(const Job& job) const {
    const config::PoolSettings& settings = parts_.settings;
    if (line_.size() >= static_cast<std::size_t>(settings.queue_max_length)) return ClientEvent::shed;
    // Whatever its size, the first one is taken.
    const std::size_t bytes = line_.bytes() + job.bytes.size();
    const bool fits = line_.empty() || bytes <= static_cast<std::size_t>(settings.queue_max_buffer.bytes);
    return fits ? std::nullopt : std::optional(ClientEvent::shed_head);
}

void Dispatcher::line_up(Job job) {
    const auto full = why_line_is_full(job);
    if (job.asks_for_page && (full || answers_pages()) && answer_page(job)) return;
    if (full) {
        page_.shed.fetch_add(1, std::memory_order_relaxed);
        return refuse(std::move(job), *full);
    }
    line_.join(std::move(job));
    look_soon();
}

/// Jobs that no worker has taken after all.
void Dispatcher::return_to_line(std::vector<Job> jobs) {
    if (jobs.empty()) return;
    line_.return_to_front(std::move(jobs));
    look_soon();
}

/// The listener is watched: whoever comes is known at once.
bool Dispatcher::nobody_waits() const {
    return mode_ == LineMode::refill && line_.empty() && nobody_has_come();
}

void Dispatcher::line_up_or_unwatch() {
    const bool grows = parts_.events.can_grow_on_demand();
    if (grows || parts_.events.cannot_serve()) mode_ = LineMode::line;
    if (mode_ == LineMode::line) queue_new_connections();
    set_listener_events(mode_ == LineMode::line && !draining_ && !paused_ ? listening : 0U);
    if (grows && !line_.empty()) parts_.events.connection_waits_for_growth();
    if (mode_timer_.armed() || draining_) return;
    if (look_interval_.count() == 0) look_interval_ = first_look;
    look_ = {base::Monotonic::now(), parts_.events.requests_begun(), 0};
    mode_timer_.start(look_interval_, [this] { look_at_mode(); });
}

std::optional<base::WorkerSlot> Dispatcher::busy_from(std::size_t slot) const {
    for (std::size_t word = slot / 64; word < eligible_.size(); ++word) {
        if (eligible_[word] == 0) continue;
        std::uint64_t busy = eligible_[word] & ~parts_.pages.workers().idle[word].load();
        if (word == slot / 64) busy &= ~std::uint64_t{0} << slot % 64;
        if (busy == 0) continue;
        return base::WorkerSlot(
            static_cast<std::uint16_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(busy))));
    }
    return std::nullopt;
}

std::optional<base::WorkerSlot> Dispatcher::wants_more(std::size_t begin, std::size_t end) const {
    for (auto slot = busy_from(begin); slot && slot->number() < end; slot = busy_from(slot->number() + 1U)) {
        if (ahead_.is_wanted_by(*slot, parts_.events.requests_begun_by(parts_.workers[slot->number()])))
            return slot;
    }
    return std::nullopt;
}

/// Of what is left in the line when no worker is idle.
bool Dispatcher::give_ahead() {
    if (line_.empty() || !ahead_.are_given() || heir_ != nullptr) return false;
    // One after the other gets its share.
    auto next = wants_more(next_ahead_, parts_.workers.size());
    if (!next) next = wants_more(0, next_ahead_);
    if (next) {
        if (!take_from_line()) return false;
        next_ahead_ = (next->number() + 1U) % parts_.workers.size();
        chosen_ = *next;
        if (!hand_job_over())
            ahead_.is_full(chosen_, parts_.events.requests_begun_by(parts_.workers[chosen_.number()]));
        return true;
    }
    // All of them have enough for now. To be woken for each request that comes and each that ends would cost
    // more than those requests do.
    parts_.loop.rest_once(rest_of_master);
    return false;
}

/// Nobody waits, and every worker has something before it: what comes meanwhile could only queue behind that.
/// Found in one look when the first of them is about to be done, it costs one wake-up and not several for
/// each request.
void Dispatcher::rest_while_all_are_busy() {
    if (heir_ != nullptr || !ahead_.are_given() || !line_.empty() || !nobody_is_idle()) return;
    auto time = rest_of_master;
    for (auto slot = busy_from(0); slot; slot = busy_from(slot->number() + 1U)) {
        const WorkerHandle& worker = parts_.workers[slot->number()];
        time = std::min(time, ahead_.busy_for(worker.slot, parts_.events.requests_begun_by(worker),
                                              parts_.events.last_duration_of(worker)));
        if (time < shortest_rest) return;
    }
    parts_.loop.rest_once(time);
}

void Dispatcher::count_ahead() {
    parts_.pages.master().control[chosen_.number()].fetch_add(1);
}

void Dispatcher::queue_new_connections() {
    for (int look = 0; look < accepts_per_queue; ++look) {
        os::UniqueFd connection = accept();
        if (!connection) return;
        if (auto job = connections_.admit(std::move(connection))) line_up(*std::move(job));
    }
}

void Dispatcher::look_at_mode() {
    LineView view;
    view.interval = std::chrono::duration_cast<std::chrono::microseconds>(base::Monotonic::now() - look_.at);
    view.begun = parts_.events.requests_begun() - look_.begun;
    // Also where one is idle at this moment: those who have to ask for each request often are.
    ahead_.pace_is(view.interval, view.begun, number_of_workers());
    // Who is idle at the door has not said so: from now on the listener is watched again.
    if (!nobody_is_idle()) return pump_soon();
    const os::Backlog backlog = parts_.events.kernel_queue();
    view.new_waiting = backlog.waiting;
    view.waiting = line_.size() + view.new_waiting;
    view.kernel_room = backlog.limit;
    // Who waits where more workers can be made is to be seen at once.
    if (!parts_.events.may_grow())
        view.most_unseen = static_cast<std::uint64_t>(parts_.settings.queue_max_length);
    view.kept_joined = look_.kept_joined;
    const LineMode next = decide_line_mode(mode_, view);
    look_interval_ = next == mode_ ? std::min(longest_look, look_interval_ * 2) : first_look;
    const bool nothing_moves = mode_ == LineMode::line && next == mode_ && view.begun == 0;
    mode_ = next;
    stuck_ = view.begun == 0 && number_of_workers() > 0;
    if (stuck_) answer_pages_of_the_line();
    // Whatever happens next, a client's coming or a worker's end, pumps and so looks again.
    if (!nothing_moves) pump_soon();
}

void Dispatcher::look_soon() {
    if (!line_timer_.armed()) line_timer_.start(line_look, [this] { look_at_line(); });
}

void Dispatcher::look_at_line() {
    if (line_.empty()) return;
    give_up(line_.take_gone(clients_per_look, [this](const Job& job) { return fd_of(job); }),
            ClientEvent::abandoned, page_.abandoned);
    if (const auto limit = parts_.settings.queue_timeout; limit.count() > 0) {
        refuse(line_.take_that_joined_before(base::Monotonic::now() - limit), ClientEvent::expired,
               page_.expired);
    }
    // Workers are at work and others before it: a page that is asked for waits no longer than this.
    if (number_of_workers() > 0) answer_pages_of_the_line();
    if (parts_.events.cannot_serve()) refuse(line_.take_all(), ClientEvent::unserved, page_.shed);
    if (line_.empty()) return pump_soon();
    look_soon();
}

bool Dispatcher::is_gone(const Job& job) const {
    const int fd = fd_of(job);
    return fd < 0 || os::peer_is_gone(fd);
}

int Dispatcher::fd_of(const Job& job) const {
    return job.held ? connections_.fd_of(*job.held) : job.fd.get();
}

void Dispatcher::give_up(Job job) {
    if (os::UniqueFd connection = take_connection(job)) os::close_without_lingering(std::move(connection));
}

void Dispatcher::give_up(std::vector<Job> jobs, ClientEvent why, std::atomic<std::uint64_t>& count) {
    count.fetch_add(jobs.size(), std::memory_order_relaxed);
    for (Job& job : jobs) {
        parts_.log.tell(why);
        give_up(std::move(job));
    }
}

void Dispatcher::refuse(Job job, ClientEvent why) {
    parts_.log.tell(why);
    const std::uint16_t request_id = job.request_id;
    if (os::UniqueFd connection = take_connection(job))
        answers().send(std::move(connection), refusal(request_id));
}

void Dispatcher::refuse(std::vector<Job> jobs, ClientEvent why, std::atomic<std::uint64_t>& count) {
    count.fetch_add(jobs.size(), std::memory_order_relaxed);
    for (Job& job : jobs) refuse(std::move(job), why);
}

/// The job's connection, out of whatever holds it.
os::UniqueFd Dispatcher::take_connection(Job& job) {
    return job.held ? connections_.release(*job.held) : std::move(job.fd);
}

/// A worker answers as long as one will soon be free, so that php-fpm's numbers are php-fpm's.
bool Dispatcher::answers_pages() const {
    return heir_ == nullptr && (stuck_ || parts_.events.lacks_workers());
}

std::size_t Dispatcher::number_of_workers() const {
    std::size_t number = 0;
    for (const std::uint64_t word : eligible_) number += static_cast<std::size_t>(std::popcount(word));
    return number;
}

void Dispatcher::answer_pages_of_the_line() {
    for (Job& job : line_.take_pages()) {
        if (!answer_page(job)) line_.join(std::move(job));
    }
}

bool Dispatcher::is_own_page(std::string_view head) {
    if (heir_ != nullptr) return heir_->is_own_page(head);
    // Also while a worker is idle: others may be before it, or the worker may be stopped.
    return parts_.own_pages.exist() && parts_.own_pages.are_asked_for(head);
}

/// False: it is for a worker after all, because its client has to be refused in a worker's words.
bool Dispatcher::answer_page(Job& job) {
    if (!parts_.own_pages.admits(fd_of(job))) return false;
    os::UniqueFd connection = take_connection(job);
    if (!connection) return true;
    std::string answer = parts_.own_pages.answer_on(connection.get(), job.bytes, OwnPages::Address::of_pool);
    if (answer.empty()) {
        os::close_without_lingering(std::move(connection));
    } else {
        answers().send(std::move(connection), std::move(answer));
    }
    return true;
}

void Dispatcher::tick() {
    parts_.log.tick();
    // Accepted connections inherit what a script has set: their last bytes could be cut off.
    os::stop_lingering(parts_.listener);
    // A worker that was told of a connection may have been stopped before it accepted.
    if (number_of_workers() > 0) look_at_listener();
    constexpr auto ticks_per_window = static_cast<std::size_t>(status::wait_window.count());
    if (++window_ticks_ % ticks_per_window == 0) status::begin_wait_window(page_);
}

}  // namespace phalanx::master

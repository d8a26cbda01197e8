#include "dispatcher.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "phalanx/fastcgi/short_answer.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using link::MasterStep;

/// Jobs given out before other pools and events get their turn.
constexpr int jobs_per_pump = 256;
/// Connections looked at in search of one job before the same.
constexpr int accepts_per_look = 64;
/// How long nothing is accepted once descriptors or memory have run out.
constexpr std::chrono::milliseconds exhausted_pause{100};
constexpr const char* nothing_left = "no descriptor or memory is left for them";
/// How long a pool is not heard whose processes wake the master again and again for nothing.
constexpr std::chrono::milliseconds wake_pause{100};
/// Edges: the counter is never read. It is the workers' too, who could take what is in it, and make the read
/// wait.
constexpr std::uint32_t wake_events = EPOLLIN | EPOLLET;

}  // namespace

Dispatcher::Dispatcher(const Parts& parts)
    : parts_(parts),
      page_(status::pool_in(parts.pages.pool_area()).line),
      untaken_timer_(parts.loop),
      pause_timer_(parts.loop),
      wake_pause_timer_(parts.loop),
      connections_({parts.loop, parts.settings, parts.share, parts.log, page_}, *this),
      answers_(parts.loop, parts.share),
      eligible_((parts.workers.size() + 63) / 64),
      spared_timer_(parts.loop),
      line_(parts.pages.master().line, page_),
      ahead_(parts.workers.size(), static_cast<std::uint64_t>(parts.settings.pm_max_requests)),
      mode_timer_(parts.loop),
      line_timer_(parts.loop),
      look_interval_(0) {}

Dispatcher::~Dispatcher() {
    parts_.loop.forget(*this);
}

base::Result<void> Dispatcher::start() {
    auto wake = parts_.loop.watch(parts_.wake_fd, wake_events, wake_handler_);
    if (!wake) return wake.error();
    wake_watch_ = *std::move(wake);
    auto listener = parts_.loop.watch(parts_.listener, 0, listener_handler_);
    if (!listener) return listener.error();
    listener_watch_ = *std::move(listener);
    pump_soon();
    return {};
}

void Dispatcher::worker_joined(base::WorkerSlot slot) {
    eligible_[slot.number() / 64] |= std::uint64_t{1} << (slot.number() % 64);
    ahead_.joined(slot);
    // Behind the worker, which the kernel asks first then.
    if (listener_events_ == listening) listener_watch_.rearm(listening);
    pump_soon();
}

void Dispatcher::worker_left(base::WorkerSlot slot) {
    eligible_[slot.number() / 64] &= ~(std::uint64_t{1} << (slot.number() % 64));
    (void)parts_.pages.take_idle(slot);
    // It may have been told of a connection, and nobody else.
    look_at_listener();
}

void Dispatcher::pump() {
    listener_gave_one_ = false;
    int steps = 0;
    for (auto step = MasterStep::look_for_idle; step != MasterStep::asleep;
         step = link::advance(step, *this)) {
        if ((step != MasterStep::send_job && step != MasterStep::count_ahead) || ++steps < jobs_per_pump)
            continue;
        // Others first; this goes on before the loop sleeps, so nothing needs to be watched meanwhile.
        step == MasterStep::send_job ? send_job() : count_ahead();
        return pump_soon();
    }
    count_busy_workers();
    rest_while_all_are_busy();
}

void Dispatcher::count_busy_workers() {
    std::size_t live = 0;
    std::size_t idle = 0;
    for (std::size_t word = 0; word < eligible_.size(); ++word) {
        live += static_cast<std::size_t>(std::popcount(eligible_[word]));
        idle += static_cast<std::size_t>(
            std::popcount(eligible_[word] & parts_.pages.workers().idle[word].load()));
    }
    parts_.events.busy_workers(live - idle);
}

bool Dispatcher::choose_lowest_idle() {
    const auto slot = parts_.pages.lowest_idle(eligible_);
    if (slot) chosen_ = *slot;
    return slot.has_value();
}

bool Dispatcher::accept_ready() {
    for (int look = 0; look < accepts_per_look; ++look) {
        os::UniqueFd connection = accept();
        if (!connection) return false;
        if (auto job = connections_.admit(std::move(connection))) {
            job_ = *std::move(job);
            return true;
        }
        // The look may have read a whole head (a client that sends while it is looked at).
        if (take_from_line()) return true;
    }
    pump_soon();
    return false;
}

os::UniqueFd Dispatcher::accept() {
    if (nobody_has_come() || !may_accept() || listener_waits()) return {};
    os::Accepted accepted = os::accept_connection(parts_.listener);
    if (accepted.state == os::Accepted::State::none && std::exchange(reported_, false) &&
        !listener_gave_one_ && os::is_shut_down(parts_.listener))
        listener_is_shut_down();
    if (accepted.fd) listener_gave_one_ = true;
    if (accepted.state == os::Accepted::State::broken) listener_is_shut_down();
    if (accepted.state == os::Accepted::State::exhausted) pause_listener(nothing_left);
    return std::move(accepted.fd);
}

/// A listener that is watched says so as long as somebody waits there: it need not be asked.
bool Dispatcher::nobody_has_come() const {
    return listener_events_ == listening && !reported_;
}

/// Looked at before accept4(2), which would wait where somebody has made it. (Between look and call there is
/// still time, and in one pump one look has to do: what waits then os::StallAlarm frees.)
bool Dispatcher::listener_waits() {
    if (listener_gave_one_ || os::is_non_blocking(parts_.listener)) return false;
    (void)os::set_non_blocking(parts_.listener);
    parts_.events.listener_harmed(ListenerHarm::made_blocking);
    return true;
}

bool Dispatcher::may_accept() {
    if (draining_ || paused_ || shut_down_) return false;
    if (parts_.share.has_room() || connections_.make_room()) return true;
    pause_listener(
        "the pool holds as many as it may (queue.max_connections, or its share of the open files)");
    return false;
}

void Dispatcher::connection_lost() {
    pause_listener(nothing_left);
}

void Dispatcher::watch_listener() {
    mode_ = LineMode::refill;
    stuck_ = false;
    // The timer runs on and finds nothing to do: a half-busy pool would stop and start it with each request.
    look_interval_ = std::chrono::milliseconds(0);
    set_listener_events(draining_ || paused_ ? 0U : listening);
}

void Dispatcher::set_listener_events(std::uint32_t events) {
    if (events == listener_events_ || !listener_watch_) return;
    listener_events_ = events;
    listener_watch_.rearm(events);
}

void Dispatcher::look_at_listener() {
    reported_ = true;
    pump_soon();
}

void Dispatcher::pause_listener(const char* why) {
    paused_ = true;
    parts_.log.tell_exhausted(why);
    pause_timer_.start(exhausted_pause, [this] {
        paused_ = false;
        pump_soon();
    });
}

void Dispatcher::listener_ready(std::uint32_t events) {
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) return listener_is_shut_down();
    look_at_listener();
}

/// It would report so for ever.
void Dispatcher::listener_is_shut_down() {
    listener_watch_ = {};
    if (!std::exchange(shut_down_, true)) parts_.events.listener_harmed(ListenerHarm::shut_down);
}

void Dispatcher::woken() {
    store_wake(false);
    pump_soon();
    if (!nobody_is_idle()) return;
    const auto requests_begun = [this] { return parts_.events.requests_begun(); };
    if (!vain_wake_ups_.are_too_many_at(base::Monotonic::now(), requests_begun)) return;
    wake_watch_.rearm(0);
    wake_pause_timer_.start(wake_pause, [this] {
        wake_watch_.rearm(wake_events);
        pump_soon();
    });
}

void Dispatcher::take_job(Job job) {
    if (heir_ != nullptr) {
        std::vector<Job> one;
        one.push_back(std::move(job));
        return pass_on(std::move(one), LinePlace::back);
    }
    // Others have been given back by a worker, or had not sent their request at the first look.
    if (job.held) ++look_.kept_joined;
    line_up(std::move(job));
    pump_soon();
}

void Dispatcher::put_in_front(std::vector<Job> jobs) {
    for (Job& job : jobs) connections_.take_back(job);
    if (heir_ != nullptr) return pass_on(std::move(jobs), LinePlace::front);
    std::erase_if(jobs,
                  [this](Job& job) { return job.asks_for_page && answers_pages() && answer_page(job); });
    return_to_line(std::move(jobs));
    pump_soon();
}

bool Dispatcher::take_note(WorkerHandle& worker, Note& note) {
    if (note.head.kind == link::MessageKind::kept && !note.fd) {
        const bool closed = (note.head.flags & link::flag_closed) != 0;
        if (closed && (note.head.flags & link::flag_drain) != 0) {
            if (!connections_.is_lent_to(note.head.connection, worker.slot)) return false;
            answers().drain(connections_.release(note.head.connection));
            return true;
        }
        const bool was_lent =
            connections_.give_back(note.head.connection, worker.slot, closed, std::move(note.bytes));
        if (heir_ != nullptr) pass_on_parked();
        return was_lent;
    }
    if (note.head.kind == link::MessageKind::give && note.fd &&
        os::is_accepted_from(note.fd.get(), parts_.listener)) {
        if (draining_ && heir_ == nullptr) {
            os::close_without_lingering(std::move(note.fd));
            return true;
        }
        if ((note.head.flags & link::flag_drain) != 0) {
            answers().drain(std::move(note.fd));
            return true;
        }
        const Served served = (note.head.flags & link::flag_served) != 0 ? Served::yes : Served::no;
        PassedConnection given{std::move(note.fd), served, std::move(note.bytes)};
        heir_ != nullptr ? heir_->inherit_given(std::move(given)) : inherit_given(std::move(given));
        return true;
    }
    return note.head.kind == link::MessageKind::slow_client && !note.fd && parts_.log.tell_slow(note.bytes);
}

void Dispatcher::recover(WorkerHandle& worker, std::optional<LostAnswer> lost) {
    worker_left(worker.slot);
    put_in_front(worker.channel.take_back().jobs);
    if (lost) {
        fastcgi::ShortAnswer answer(status_of_lost(lost->code));
        answer.address_to(lost->request_id);
        for (os::UniqueFd& fd : connections_.release_held_by(worker.slot)) {
            answers().send(std::move(fd), std::string(answer.bytes()));
        }
    }
    connections_.close_held_by(worker.slot);
}

void Dispatcher::stop_accepting() {
    draining_ = true;
    parts_.pages.master().draining.store(1);
    set_listener_events(0);
}

void Dispatcher::drain() {
    stop_accepting();
    connections_.close_parked();
    for (Job& job : line_.take_all()) give_up(std::move(job));
}

}  // namespace phalanx::master

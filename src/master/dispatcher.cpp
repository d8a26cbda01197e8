#include "dispatcher.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>

#include "phalanx/fastcgi/short_answer.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using link::MasterStep;

constexpr std::uint32_t listener_events = EPOLLIN;
/// Jobs given out before other pools and events get their turn.
constexpr int jobs_per_pump = 256;
/// Connections looked at in search of one job before the same.
constexpr int accepts_per_look = 64;
/// How long the line may go before connections that wait in the kernel's queue.
constexpr std::chrono::milliseconds longest_precedence{10};
/// Of those, how many join the line at once.
constexpr int accepts_per_queue = 256;
/// Requests that wait here before new connections are left in the kernel's queue.
constexpr std::size_t longest_line = 4096;
/// A job that an idle worker has not taken by then is taken back: the worker is stopped or starved.
constexpr std::chrono::milliseconds untaken_limit{20};
/// How long nothing is accepted once descriptors or memory have run out.
constexpr std::chrono::milliseconds exhausted_pause{100};

}  // namespace

Dispatcher::Dispatcher(EventLoop& loop, DispatchEvents& events, const link::PoolPages& pages,
                       std::span<WorkerHandle> workers, int listener, int wake_fd)
    : loop_(loop),
      events_(events),
      pages_(pages),
      workers_(workers),
      listener_(listener),
      wake_fd_(wake_fd),
      untaken_timer_(loop),
      pause_timer_(loop),
      queue_timer_(loop),
      connections_(loop, *this),
      answers_(loop),
      eligible_((workers.size() + 63) / 64) {}

Dispatcher::~Dispatcher() {
    loop_.forget(*this);
}

base::Result<void> Dispatcher::start() {
    auto wake = loop_.watch(wake_fd_, EPOLLIN, wake_handler_);
    if (!wake) return wake.error();
    wake_watch_ = *std::move(wake);
    auto listener = loop_.watch(listener_, 0, listener_handler_);
    if (!listener) return listener.error();
    listener_watch_ = *std::move(listener);
    pump_soon();
    return {};
}

void Dispatcher::worker_joined(base::WorkerSlot slot) {
    eligible_[slot.number() / 64] |= std::uint64_t{1} << (slot.number() % 64);
    pump_soon();
}

void Dispatcher::worker_left(base::WorkerSlot slot) {
    eligible_[slot.number() / 64] &= ~(std::uint64_t{1} << (slot.number() % 64));
    pages_.clear_idle(slot);
    pump_soon();
}

void Dispatcher::pump() {
    int steps = 0;
    for (auto step = MasterStep::look_for_idle; step != MasterStep::asleep;
         step = link::advance(step, *this)) {
        if (step == MasterStep::send_job && ++steps == jobs_per_pump) {
            // Others first; this goes on before the loop sleeps, so nothing needs to be watched meanwhile.
            send_job();
            return pump_soon();
        }
    }
    std::size_t live = 0;
    std::size_t idle = 0;
    for (std::size_t word = 0; word < eligible_.size(); ++word) {
        live += static_cast<std::size_t>(std::popcount(eligible_[word]));
        idle += static_cast<std::size_t>(std::popcount(eligible_[word] & pages_.workers().idle[word].load()));
    }
    events_.busy_workers(live - idle);
}

bool Dispatcher::choose_lowest_idle() {
    const auto slot = pages_.lowest_idle(eligible_);
    if (slot) chosen_ = *slot;
    return slot.has_value();
}

bool Dispatcher::take_from_line() {
    if (line_.empty()) return false;
    job_ = std::move(line_.front());
    line_.pop_front();
    line_changed();
    return true;
}

bool Dispatcher::accept_ready() {
    if (draining_ || paused_) return false;
    for (int look = 0; look < accepts_per_look; ++look) {
        os::Accepted accepted = os::accept_connection(listener_);
        if (accepted.state == os::Accepted::State::exhausted) pause_listener();
        if (accepted.state != os::Accepted::State::connection) return false;
        if (auto job = connections_.admit(std::move(accepted.fd))) {
            job_ = *std::move(job);
            return true;
        }
        // The look may have read a whole head (a client that sends while it is looked at).
        if (take_from_line()) return true;
    }
    pump_soon();
    return false;
}

void Dispatcher::clear_chosen_bit() {
    pages_.clear_idle(chosen_);
}

void Dispatcher::send_job() {
    WorkerHandle& worker = workers_[chosen_.number()];
    const int held_fd = job_.held ? connections_.fd_of(*job_.held) : -1;
    if (job_.held && held_fd < 0) {
        // The connection is gone meanwhile; the worker, whose bit is cleared, has to announce itself again.
        (void)worker.channel.send_control(link::MessageKind::recheck);
        return;
    }
    const JobChannel::Sent sent = worker.channel.send(job_, held_fd);
    if (sent == JobChannel::Sent::no_memory) {
        // The client is lost, the worker is not: its bit is cleared, it has to announce itself again.
        if (job_.held) connections_.drop(*job_.held);
        job_ = {};
        (void)worker.channel.send_control(link::MessageKind::recheck);
        return events_.connection_trouble("no memory for its request's head");
    }
    if (sent == JobChannel::Sent::yes) {
        if (job_.held) connections_.lend(*job_.held, chosen_);
        if (!untaken_timer_.armed()) untaken_timer_.start(untaken_limit, [this] { check_untaken_jobs(); });
        return;
    }
    line_.push_front(std::move(job_));
    line_changed();
    worker_left(chosen_);
    events_.worker_unreachable(worker);
}

void Dispatcher::watch_listener() {
    set_listener_events(draining_ || paused_ ? 0U : listener_events);
}

void Dispatcher::unwatch_listener() {
    const bool grow = !draining_ && !paused_ && events_.can_grow_on_demand();
    if (grow && !line_.empty()) events_.connection_waits_for_growth();
    set_listener_events(grow ? listener_events : 0U);
    if (line_.empty() || queue_timer_.armed()) return;
    line_was_empty_ = false;
    queue_timer_.start(longest_precedence, [this] {
        if (!line_was_empty_ && !line_.empty()) queue_new_connections();
        pump_soon();
    });
}

/// While requests of kept connections wait in the line, workers take nothing from the listener: new
/// connections are to stand behind those, not behind all that will ever follow. As long as the line is empty
/// now and then they need no help, and cost the master nothing.
void Dispatcher::queue_new_connections() {
    for (int look = 0; look < accepts_per_queue; ++look) {
        if (draining_ || paused_ || line_.size() >= longest_line) break;
        os::Accepted accepted = os::accept_connection(listener_);
        if (accepted.state == os::Accepted::State::exhausted) pause_listener();
        if (accepted.state != os::Accepted::State::connection) break;
        if (auto job = connections_.admit(std::move(accepted.fd))) line_.push_back(*std::move(job));
    }
    line_changed();
}

void Dispatcher::set_listener_events(std::uint32_t events) {
    if (events == listener_events_) return;
    listener_events_ = events;
    listener_watch_.rearm(events);
}

void Dispatcher::pause_listener() {
    paused_ = true;
    events_.connection_trouble("no descriptor or memory is left to accept connections");
    pause_timer_.start(exhausted_pause, [this] {
        paused_ = false;
        pump_soon();
    });
}

void Dispatcher::listener_ready() {
    if (!choose_lowest_idle()) events_.connection_waits_for_growth();
    pump_soon();
}

void Dispatcher::woken() {
    std::uint64_t count = 0;
    (void)!::read(wake_fd_, &count, sizeof count);
    store_wake(false);
    pump_soon();
}

void Dispatcher::take_job(Job job) {
    if (heir_ != nullptr) {
        if (auto adopted = heir_->adopt(std::move(job), connections_)) heir_->take_job(*std::move(adopted));
        return;
    }
    line_.push_back(std::move(job));
    line_changed();
    pump_soon();
}

void Dispatcher::line_changed() {
    if (line_.empty()) line_was_empty_ = true;
    pages_.master().line.store(static_cast<std::uint32_t>(line_.size()));
}

void Dispatcher::put_in_front(std::vector<Job> jobs) {
    for (const Job& job : jobs) {
        if (job.held) connections_.reclaim(*job.held);
    }
    if (heir_ != nullptr) {
        std::vector<Job> adopted;
        for (Job& job : jobs) {
            if (auto own = heir_->adopt(std::move(job), connections_)) adopted.push_back(*std::move(own));
        }
        return heir_->put_in_front(std::move(adopted));
    }
    line_.insert(line_.begin(), std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end()));
    line_changed();
    pump_soon();
}

std::optional<Job> Dispatcher::adopt(Job job, ConnectionTable& from) {
    if (!job.held) return job;
    os::UniqueFd fd = from.release(*job.held);
    if (!fd) return std::nullopt;
    job.held = connections_.hold(std::move(fd));
    return job;
}

bool Dispatcher::take_note(WorkerHandle& worker, Note& note) {
    if (note.head.kind == link::MessageKind::kept && !note.fd) {
        const bool closed = (note.head.flags & link::flag_closed) != 0;
        const bool was_lent =
            connections_.give_back(note.head.connection, worker.slot, closed, std::move(note.bytes));
        if (heir_ != nullptr) connections_.move_parked_to(heir_->connections_);
        return was_lent;
    }
    if (note.head.kind == link::MessageKind::give && note.fd &&
        os::is_accepted_from(note.fd.get(), listener_)) {
        if (draining_ && heir_ == nullptr) {
            os::close_without_lingering(std::move(note.fd));
            return true;
        }
        const Served served = (note.head.flags & link::flag_served) != 0 ? Served::yes : Served::no;
        ConnectionTable& table = heir_ != nullptr ? heir_->connections_ : connections_;
        table.park(std::move(note.fd), served, std::move(note.bytes));
        return true;
    }
    return false;
}

void Dispatcher::recover(WorkerHandle& worker, std::optional<LostAnswer> lost) {
    worker_left(worker.slot);
    put_in_front(worker.channel.take_back());
    if (lost) {
        fastcgi::ShortAnswer answer(status_of_lost(lost->code));
        answer.address_to(lost->request_id);
        for (os::UniqueFd& fd : connections_.release_held_by(worker.slot)) {
            EarlyAnswers& answers = heir_ != nullptr ? heir_->answers_ : answers_;
            answers.send(std::move(fd), std::string(answer.bytes()));
        }
    }
    connections_.close_held_by(worker.slot);
}

void Dispatcher::stop_accepting() {
    draining_ = true;
    pages_.master().draining.store(1);
    set_listener_events(0);
}

void Dispatcher::hand_over(Dispatcher& heir) {
    stop_accepting();
    heir_ = &heir;
    std::vector<Job> jobs(std::make_move_iterator(line_.begin()), std::make_move_iterator(line_.end()));
    line_.clear();
    line_changed();
    put_in_front(std::move(jobs));
    connections_.move_parked_to(heir.connections_);
}

void Dispatcher::drain() {
    stop_accepting();
    connections_.close_parked();
    for (Job& job : line_) {
        if (job.held) connections_.drop(*job.held);
        if (job.fd) os::close_without_lingering(std::move(job.fd));
    }
    line_.clear();
    line_changed();
}

void Dispatcher::check_untaken_jobs() {
    const auto now = base::Monotonic::now();
    bool some_left = false;
    for (WorkerHandle& worker : workers_) {
        const auto sent_at = worker.channel.job_sent_at();
        if (!sent_at) continue;
        if (now - *sent_at < untaken_limit) {
            some_left = true;
        } else if (!events_.seems_idle(worker)) {
            worker.channel.job_was_taken();
        } else if (auto jobs = worker.channel.take_back(); !jobs.empty()) {
            (void)worker.channel.send_control(link::MessageKind::recheck);
            // Messages that were put back are new ones to a worker that has looked already.
            pages_.master().control[worker.slot.number()].fetch_add(1);
            put_in_front(std::move(jobs));
        }
    }
    if (some_left) untaken_timer_.start(untaken_limit, [this] { check_untaken_jobs(); });
}

}  // namespace phalanx::master

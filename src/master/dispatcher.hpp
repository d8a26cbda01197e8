#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "connection_table.hpp"
#include "early_answers.hpp"
#include "event_loop.hpp"
#include "jobs_ahead.hpp"
#include "line.hpp"
#include "line_mode.hpp"
#include "lost_request.hpp"
#include "own_pages.hpp"
#include "phalanx/link/master_side.hpp"
#include "phalanx/link/pool_pages.hpp"
#include "phalanx/os/listen_queue.hpp"
#include "vain_wake_ups.hpp"
#include "worker_handle.hpp"

namespace phalanx::master {

/// What a process of a pool can do to the listening socket, which it shares with the master.
enum class ListenerHarm : std::uint8_t {
    made_blocking,  ///< it took O_NONBLOCK away, so that the master would wait
    shut_down,      ///< shutdown(2): nobody can connect any more
};

/// What the dispatcher tells its pool.
class DispatchEvents {
  public:
    /// A connection waits, no worker is idle: may the pool make one for it? (pm = ondemand)
    [[nodiscard]] virtual bool can_grow_on_demand() = 0;
    virtual void connection_waits_for_growth() = 0;
    /// The pool has fewer workers than it may have, and other than a fixed number of them.
    [[nodiscard]] virtual bool may_grow() const = 0;
    /// The pool is asleep or cannot start: status and ping are not to wait for a worker.
    [[nodiscard]] virtual bool lacks_workers() const = 0;
    /// The pool's start has failed, and no worker has joined since: those who wait, wait for nothing.
    [[nodiscard]] virtual bool cannot_serve() const = 0;
    /// Requests that the pool's workers have begun, ever; a hint only, and never the same twice in a row
    /// while they work.
    [[nodiscard]] virtual std::uint64_t requests_begun() const = 0;
    /// The same of one worker, since it joined.
    [[nodiscard]] virtual std::uint64_t requests_begun_by(const WorkerHandle& worker) const = 0;
    /// How long its last request took; a hint only.
    [[nodiscard]] virtual std::chrono::microseconds last_duration_of(const WorkerHandle& worker) const = 0;
    /// The kernel's queue of the listener, as far as it can tell.
    [[nodiscard]] virtual os::Backlog kernel_queue() = 0;
    /// Workers busy at this moment, whenever the dispatcher has looked.
    virtual void busy_workers(std::size_t count) = 0;
    virtual void worker_unreachable(WorkerHandle& worker) = 0;
    virtual void listener_harmed(ListenerHarm harm) = 0;

  protected:
    ~DispatchEvents() = default;
};

/// Brings together the connections of one pool and its idle workers: the master's half of the hand-shake
/// (link/master_side.hpp holds its order, link/worker_side.hpp the worker's half). Owned by the pool, which
/// owns the workers too; it decides nothing about how many there are.
class Dispatcher final : public JobTaker, public AfterBatch, public ConnectionHeir {
  public:
    /// What a dispatcher has from its pool, which outlives it.
    struct Parts {
        EventLoop& loop;
        DispatchEvents& events;
        const config::PoolSettings& settings;
        const link::PoolPages& pages;
        std::span<WorkerHandle> workers;
        int listener;
        int wake_fd;
        ConnectionShare& share;
        ClientLog& log;
        const OwnPages& own_pages;
    };
    explicit Dispatcher(const Parts& parts);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    [[nodiscard]] base::Result<void> start();
    /// The worker may be given jobs (it has said hello), or no more.
    void worker_joined(base::WorkerSlot slot);
    void worker_left(base::WorkerSlot slot);
    /// Acts on a note other than a hello. False: the worker broke the rules.
    [[nodiscard]] bool take_note(WorkerHandle& worker, Note& note);
    /// A connection that a worker gave is gone for want of a descriptor.
    void connection_lost();
    /// The worker is dead: its undelivered jobs go back to the front, what it held is closed, after this
    /// answer if nobody has answered.
    void recover(WorkerHandle& worker, std::optional<LostAnswer> lost);
    /// No new connections from now on; those that wait are closed.
    void drain();
    /// No new connections from now on; those that wait, and whatever the workers still give back, go to the
    /// heir.
    void hand_over(ConnectionHeir& heir);
    /// The heir is gone, or another has taken its place.
    void set_heir(ConnectionHeir* heir) { heir_ = heir; }
    /// Clients are still getting their last bytes from here. Bounded in time.
    [[nodiscard]] bool is_answering() const { return !answers_.are_over(); }
    /// Requests in the line.
    [[nodiscard]] std::size_t waiting() const { return line_.size(); }
    /// Once a second.
    void tick();
    /// Runs the pump once the events at hand have been handled.
    void pump_soon() { parts_.loop.after_batch(*this); }

    // JobTaker
    void take_job(Job job) override;
    [[nodiscard]] bool is_own_page(std::string_view head) override;
    // AfterBatch
    void after_batch() override { pump(); }
    // ConnectionHeir, and JobTaker's is_own_page
    void inherit_jobs(std::vector<Job> jobs, LinePlace place) override;
    void inherit_parked(PassedConnection connection) override;
    void inherit_given(PassedConnection connection) override;
    [[nodiscard]] EarlyAnswers* heirs_answers() override { return &answers(); }

    // What link::advance asks for; see there.
    [[nodiscard]] bool choose_lowest_idle();
    [[nodiscard]] bool take_from_line();
    [[nodiscard]] bool accept_ready();
    [[nodiscard]] bool take_chosen_bit();
    void put_job_back();
    void send_job();
    void watch_listener();
    [[nodiscard]] bool nobody_waits() const;
    void line_up_or_unwatch();
    [[nodiscard]] bool give_ahead();
    void count_ahead();
    void rest_while_all_are_busy();
    void store_wake(bool wanted) { parts_.pages.master().wake.store(wanted ? 1 : 0); }

  private:
    class ListenerHandler final : public ReadyHandler {
      public:
        explicit ListenerHandler(Dispatcher& owner) : owner_(owner) {}
        void on_ready(std::uint32_t events) override { owner_.listener_ready(events); }

      private:
        Dispatcher& owner_;
    };
    class WakeHandler final : public ReadyHandler {
      public:
        explicit WakeHandler(Dispatcher& owner) : owner_(owner) {}
        void on_ready(std::uint32_t) override { owner_.woken(); }

      private:
        Dispatcher& owner_;
    };

    /// Of the listener: the master hears of a connection where no worker waits at the door.
    static constexpr std::uint32_t listening = EPOLLIN | EPOLLEXCLUSIVE;

    void pump();
    [[nodiscard]] bool nobody_is_idle() const { return !parts_.pages.lowest_idle(eligible_).has_value(); }
    void count_busy_workers();
    void listener_ready(std::uint32_t events);
    void listener_is_shut_down();
    [[nodiscard]] bool nobody_has_come() const;
    [[nodiscard]] bool listener_waits();
    void woken();
    void stop_accepting();
    void set_listener_events(std::uint32_t events);
    void look_at_listener();
    [[nodiscard]] bool may_accept();
    [[nodiscard]] os::UniqueFd accept();
    void pause_listener(const char* why);
    /// Of the generation that goes on.
    [[nodiscard]] EarlyAnswers& answers();
    void put_in_front(std::vector<Job> jobs);
    void pass_on(std::vector<Job> jobs, LinePlace place);
    void pass_on_parked();
    // How jobs come to workers, and back: dispatcher_delivery.cpp
    void check_untaken_jobs();
    void take_untaken_back(WorkerHandle& worker);
    /// To the chosen worker. False: its channel has no room, and the job is in front of the line again.
    [[nodiscard]] bool hand_job_over();
    void recheck(WorkerHandle& worker);
    void lose(WorkerHandle& worker);
    void spare(base::WorkerSlot slot);
    void ask_spared_again();

    // The line, and what becomes of those whom no worker serves: dispatcher_line.cpp
    [[nodiscard]] std::optional<ClientEvent> why_line_is_full(const Job& job) const;
    void line_up(Job job);
    void return_to_line(std::vector<Job> jobs);
    void queue_new_connections();
    void look_at_mode();
    void look_at_line();
    void look_soon();
    [[nodiscard]] bool is_gone(const Job& job) const;
    [[nodiscard]] int fd_of(const Job& job) const;
    void give_up(Job job);
    void give_up(std::vector<Job> jobs, ClientEvent why, std::atomic<std::uint64_t>& count);
    void refuse(Job job, ClientEvent why);
    void refuse(std::vector<Job> jobs, ClientEvent why, std::atomic<std::uint64_t>& count);
    [[nodiscard]] os::UniqueFd take_connection(Job& job);
    [[nodiscard]] bool answer_page(Job& job);
    [[nodiscard]] bool answers_pages() const;
    [[nodiscard]] std::size_t number_of_workers() const;
    /// The first worker that is not idle, from that slot on.
    [[nodiscard]] std::optional<base::WorkerSlot> busy_from(std::size_t slot) const;
    /// The first busy worker of these slots that is to get another job before it is done with what it has.
    [[nodiscard]] std::optional<base::WorkerSlot> wants_more(std::size_t begin, std::size_t end) const;
    void answer_pages_of_the_line();

    Parts parts_;
    status::LinePage& page_;
    ListenerHandler listener_handler_{*this};
    WakeHandler wake_handler_{*this};
    Watch listener_watch_;
    Watch wake_watch_;
    std::uint32_t listener_events_ = 0;
    /// Somebody has come, or may have come, and the listener has not been found empty since.
    bool reported_ = false;
    bool listener_gave_one_ = false;  ///< in the pump that is running: it is in order
    ConnectionHeir* heir_ = nullptr;
    bool draining_ = false;
    bool paused_ = false;
    bool shut_down_ = false;  ///< the listener
    Timer untaken_timer_;
    Timer pause_timer_;
    VainWakeUps vain_wake_ups_;
    Timer wake_pause_timer_;
    ConnectionTable connections_;
    EarlyAnswers answers_;
    std::vector<std::uint64_t> eligible_;
    std::vector<base::WorkerSlot> spared_;  ///< not eligible for a moment: they could not be sent a job
    Timer spared_timer_;
    base::WorkerSlot chosen_;
    Job job_;

    Line line_;
    JobsAhead ahead_;
    std::size_t next_ahead_ = 0;  ///< the worker that is asked first whether it wants one
    LineMode mode_ = LineMode::refill;
    bool stuck_ = false;  ///< no worker is idle, and none has begun anything since the last look
    Timer mode_timer_;
    Timer line_timer_;
    /// Since mode_timer_ was started.
    struct Look {
        base::MonotonicTime at;
        std::uint64_t begun = 0;
        std::uint64_t kept_joined = 0;
    } look_;
    std::chrono::milliseconds look_interval_;
    std::size_t window_ticks_ = 0;
};

}  // namespace phalanx::master

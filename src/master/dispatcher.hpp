#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "connection_table.hpp"
#include "early_answers.hpp"
#include "event_loop.hpp"
#include "lost_request.hpp"
#include "phalanx/link/master_side.hpp"
#include "phalanx/link/pool_pages.hpp"
#include "worker_handle.hpp"

namespace phalanx::master {

/// What the dispatcher tells its pool.
class DispatchEvents {
  public:
    /// A connection waits, no worker is idle: may the pool make one for it? (pm = ondemand)
    [[nodiscard]] virtual bool can_grow_on_demand() = 0;
    virtual void connection_waits_for_growth() = 0;
    /// Workers busy at this moment, whenever the dispatcher has looked.
    virtual void busy_workers(std::size_t count) = 0;
    virtual void worker_unreachable(WorkerHandle& worker) = 0;
    virtual void connection_trouble(const char* what) = 0;
    /// Whether the worker has begun to serve (its stage in the scoreboard); a hint only.
    [[nodiscard]] virtual bool seems_idle(const WorkerHandle& worker) const = 0;

  protected:
    ~DispatchEvents() = default;
};

/// Brings together the connections of one pool and its idle workers: the master's half of the hand-shake
/// (link/master_side.hpp holds its order, link/worker_side.hpp the worker's half). Owned by the pool, which
/// owns the workers too; it decides nothing about how many there are.
class Dispatcher final : public JobTaker, public AfterBatch {
  public:
    Dispatcher(EventLoop& loop, DispatchEvents& events, const link::PoolPages& pages,
               std::span<WorkerHandle> workers, int listener, int wake_fd);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    [[nodiscard]] base::Result<void> start();
    /// The worker may be given jobs (it has said hello), or no more.
    void worker_joined(base::WorkerSlot slot);
    void worker_left(base::WorkerSlot slot);
    /// Acts on a `kept` or `give` note. False: the worker broke the rules.
    [[nodiscard]] bool take_note(WorkerHandle& worker, Note& note);
    /// The worker is dead: its undelivered jobs go back to the front, what it held is closed, after this
    /// answer if nobody has answered.
    void recover(WorkerHandle& worker, std::optional<LostAnswer> lost);
    /// No new connections from now on; those that wait are closed.
    void drain();
    /// No new connections from now on; those that wait, and whatever the workers still give back, go to the
    /// dispatcher of the pool's next generation.
    void hand_over(Dispatcher& heir);
    /// The heir is gone, or another has taken its place.
    void set_heir(Dispatcher* heir) { heir_ = heir; }
    /// Requests in the line.
    [[nodiscard]] std::size_t waiting() const { return line_.size(); }
    /// Runs the pump once the events at hand have been handled.
    void pump_soon() { loop_.after_batch(*this); }

    // JobTaker
    void take_job(Job job) override;
    void connection_ended(const char* reason) override { events_.connection_trouble(reason); }
    // AfterBatch
    void after_batch() override { pump(); }

    // What link::advance asks for; see there.
    [[nodiscard]] bool choose_lowest_idle();
    [[nodiscard]] bool take_from_line();
    [[nodiscard]] bool accept_ready();
    void clear_chosen_bit();
    void send_job();
    void watch_listener();
    void unwatch_listener();
    void store_wake(bool wanted) { pages_.master().wake.store(wanted ? 1 : 0); }

  private:
    class ListenerHandler final : public ReadyHandler {
      public:
        explicit ListenerHandler(Dispatcher& owner) : owner_(owner) {}
        void on_ready(std::uint32_t) override { owner_.listener_ready(); }

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

    void pump();
    void listener_ready();
    void woken();
    void line_changed();
    void queue_new_connections();
    void stop_accepting();
    void put_in_front(std::vector<Job> jobs);
    [[nodiscard]] std::optional<Job> adopt(Job job, ConnectionTable& from);
    void check_untaken_jobs();
    void set_listener_events(std::uint32_t events);
    void pause_listener();

    EventLoop& loop_;
    DispatchEvents& events_;
    const link::PoolPages& pages_;
    std::span<WorkerHandle> workers_;
    int listener_;
    int wake_fd_;
    ListenerHandler listener_handler_{*this};
    WakeHandler wake_handler_{*this};
    Watch listener_watch_;
    Watch wake_watch_;
    std::uint32_t listener_events_ = 0;
    Dispatcher* heir_ = nullptr;
    bool draining_ = false;
    bool paused_ = false;
    Timer untaken_timer_;
    Timer pause_timer_;
    Timer queue_timer_;
    bool line_was_empty_ = true;  ///< at some moment since the timer was started
    ConnectionTable connections_;
    EarlyAnswers answers_;
    std::deque<Job> line_;  ///< requests that are here whole, in order of arrival
    std::vector<std::uint64_t> eligible_;
    base::WorkerSlot chosen_;
    Job job_;
};

}  // namespace phalanx::master

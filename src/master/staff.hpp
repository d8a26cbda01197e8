#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conduct.hpp"
#include "dispatcher.hpp"
#include "lost_request.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/link/pool_pages.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/status/scoreboard.hpp"
#include "pool_surroundings.hpp"
#include "template_handle.hpp"
#include "time_share.hpp"
#include "worker_handle.hpp"
#include "worker_output.hpp"

namespace phalanx::master {

/// What the staff tells its pool.
class StaffEvents {
  public:
    virtual void worker_joined() = 0;
    /// A worker is gone, however; `lived` since its hello. `in_vain`: it died unasked and had served nothing.
    virtual void worker_gone(std::chrono::milliseconds lived, bool in_vain) = 0;

    /// One of them has been ended because it broke the rules of its channel.
    virtual void rules_broken(Breach breach) = 0;

    /// The worker died over a request of which nothing was answered; `last` is its scoreboard entry.
    virtual void request_lost(const status::SlotSnapshot& last, int code) = 0;

  protected:
    ~StaffEvents() = default;
};

/// The workers of one pool, slot by slot: orders them from the template, greets them, listens to their notes
/// and buries them. How many there should be is the pool's business, who gets which job the dispatcher's.
class Staff {
  public:
    Staff(PoolSurroundings& around, TimeShare& share, const config::PoolSettings& settings,
          const link::PoolPages& pages, StaffEvents& events);
    ~Staff();
    Staff(const Staff&) = delete;
    Staff& operator=(const Staff&) = delete;

    void attach(Dispatcher& dispatcher) { dispatcher_ = &dispatcher; }
    [[nodiscard]] std::span<WorkerHandle> handles() { return workers_; }
    [[nodiscard]] std::span<const WorkerHandle> handles() const { return workers_; }

    /// Orders `count` more workers for the lowest free slots.
    void order(std::size_t count, TemplateHandle& from);
    /// The processes that the template has made for its orders, by its own word.
    void expect(std::span<const link::MadeWorker> workers);
    /// A child that nobody knows: perhaps one of these.
    void stranger_ended(const os::ChildEnd& end);
    /// Orders that were never answered: the template has died, or is stopped. How many.
    std::size_t forget_orders(std::chrono::milliseconds older_than);
    /// The same of one slot, if it is waited for.
    void forget_order(std::size_t slot);
    /// Sends up to `count` idle workers away, highest slots first.
    void retire_idle(std::size_t count);
    /// Sends this worker away.
    void retire(WorkerHandle& worker);
    /// Asks every worker to leave after what it is doing, or ends it by a signal; those that were ordered and
    /// have not said hello yet as soon as they do.
    void leave_all();
    void signal_all(int signal);
    /// Gives every worker the access log, opened anew.
    void replace_log(int fd);
    /// False: the child was none of these workers.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);
    /// From now on ends are expected and not worth a notice.
    void expect_ends() { ends_expected_ = true; }

    [[nodiscard]] std::size_t count(WorkerLife life) const;
    [[nodiscard]] std::size_t live() const { return workers_.size() - count(WorkerLife::absent); }
    [[nodiscard]] std::size_t idle() const;
    [[nodiscard]] std::chrono::milliseconds longest_idle() const;
    [[nodiscard]] bool is_idle(const WorkerHandle& worker) const;
    /// Sends SIGTERM for the time of its request (a count of its requests); the first time counts.
    void end_for_time(WorkerHandle& worker, std::uint64_t request) const;
    /// That request is over, though the worker lives on (its script handles SIGTERM).
    void spare(WorkerHandle& worker) const;
    [[nodiscard]] std::uint64_t requests_begun(const WorkerHandle& worker) const {
        return page(worker).requests.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::chrono::microseconds last_duration(const WorkerHandle& worker) const;
    [[nodiscard]] status::SlotSnapshot snapshot(const WorkerHandle& worker) const;

  private:
    /// More than a socket's buffer holds of them: all that a dead worker has left.
    static constexpr int most_last_notes = 4096;
    class Station;
    /// What the master needs for one worker.
    struct WorkerParts {
        JobChannel channel;
        os::UniqueFd place_of_pidfd;
        std::optional<WorkerOutputEnds> output;
    };
    [[nodiscard]] base::Result<WorkerParts> make_parts() const;
    void say_shortage(const base::Error& why);
    void turn_away(WorkerHandle& worker, const base::Error& why);
    /// False: not all of them could be ordered.
    [[nodiscard]] bool send_order(std::span<WorkerHandle*> batch, TemplateHandle& from);
    TimeShare::Cause read_notes(WorkerHandle& worker, int most);
    void take_note(WorkerHandle& worker, Note& note);
    void hello(WorkerHandle& worker, Note& note);
    void bury_early(WorkerHandle& worker, const std::optional<os::ChildEnd>& end);
    void bury_before_hello(WorkerHandle& worker, const os::ChildEnd& end);
    [[nodiscard]] bool has_pid(pid_t pid) const;
    void end_speaker(WorkerHandle& worker, pid_t speaker);
    void rule_broken(WorkerHandle& worker, Note& note);
    void bury(WorkerHandle& worker, const os::ChildEnd& end);
    [[nodiscard]] LossReason loss_reason(const WorkerHandle& worker) const;
    void clear(WorkerHandle& worker, std::optional<LostAnswer> answer = std::nullopt);
    void send_leave(WorkerHandle& worker);
    [[nodiscard]] status::SlotPage& page(const WorkerHandle& worker) const;
    void set_live(const WorkerHandle& worker, bool live) const;
    void say(log::Level level, const std::string& text) const;

    PoolSurroundings& around_;
    TimeShare& share_;
    const config::PoolSettings& settings_;
    const link::PoolPages& pages_;
    StaffEvents& events_;
    Dispatcher* dispatcher_ = nullptr;
    std::vector<WorkerHandle> workers_;
    std::vector<std::unique_ptr<Station>> stations_;
    bool ends_expected_ = false;
    bool told_shortage_ = false;
    bool all_leave_ = false;         ///< workers that are still to come included
    std::optional<int> all_end_by_;  ///< the signal, for those too
};

/// php-fpm's words for the end of a process: "with code 0", "on signal 11 (SIGSEGV - core dumped)".
[[nodiscard]] std::string describe_end(const os::ChildEnd& end);

}  // namespace phalanx::master

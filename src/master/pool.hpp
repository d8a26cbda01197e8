#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_log.hpp"
#include "conduct.hpp"
#include "dispatcher.hpp"
#include "lost_request.hpp"
#include "own_pages.hpp"
#include "phalanx/link/pool_pages.hpp"
#include "phalanx/master/plan.hpp"
#include "phalanx/os/listen_socket.hpp"
#include "pool_surroundings.hpp"
#include "recruiter.hpp"
#include "request_watch.hpp"
#include "slow_log.hpp"
#include "staff.hpp"
#include "status_listener.hpp"
#include "succession.hpp"
#include "template_keeper.hpp"

namespace phalanx::master {

/// One generation of a pool: its listening socket, its template, its staff of workers and their dispatcher.
/// It brings its parts together: the keeper of its template, the recruiter of its workers, its staff and the
/// dispatcher of their work. Owned by Pools.
///
/// A pool's life:
///
///   made --open()--> serving                      made --follow(former)--> coming --has a worker--> serving
///   serving --its heir has a worker--> leaving    serving --finish(), retire()--> leaving
///   leaving, coming --no process left--> may go
///
/// One whose processes break the rules again and again is stopped (pool_conduct.cpp): it keeps its address,
/// and is the former of the next generation, which starts anew.
///
/// The heir of a pool is its next generation, after a reload: it gets what waits in the master, and whatever
/// the workers of the former one give back. The workers of both are together never more than the heir may
/// have.
class Pool final : public DispatchEvents,
                   public TemplateKeeperEvents,
                   public RecruiterEvents,
                   public StaffEvents,
                   public PoolHeir,
                   public Forerunner {
  public:
    /// What a pool is made from; all of it becomes the pool's.
    struct Parts {
        PoolPlan plan;
        os::ListenSocket socket;
        os::UniqueFd access_log;                        ///< empty: none
        std::optional<os::ListenSocket> status_socket;  ///< pm.status_listen
        /// How long its requests may run on once the next generation has taken its place.
        std::chrono::milliseconds grace{0};
    };
    /// Takes the parts, unless it fails: then they are as they were.
    [[nodiscard]] static base::Result<std::unique_ptr<Pool>> create(PoolSurroundings& around, Parts& parts);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool();

    /// Takes connections from now on; they wait until launch() has brought workers.
    [[nodiscard]] base::Result<void> open();
    /// Takes former's place as soon as it has a worker, or has none to wait for.
    void follow(Forerunner& former) { predecessor_ = &former; }
    /// An ondemand pool needs no process before its first connection; one that had none before a reload is
    /// not woken by it.
    [[nodiscard]] bool can_sleep() const;
    /// Serves without a template: that one is started for the first connection.
    void fall_asleep();
    /// Starts the template, and with it whatever the policy wants.
    void launch();
    [[nodiscard]] bool serves() const { return open_ && !stopping_; }
    /// A client has connected, and there is nobody yet to serve it.
    [[nodiscard]] bool has_waiting_client() const {
        return dispatcher_.waiting() > 0 || os::has_connection(parts_.socket.fd);
    }
    [[nodiscard]] bool is_launching() const { return template_.life() == TemplateLife::starting; }
    /// Who serves in this one's place until it can.
    [[nodiscard]] Forerunner* predecessor() const { return predecessor_; }
    /// Will not take its predecessor's place after all, and ends. Only before it serves.
    void give_up();
    /// Nothing of what such a pool would be is another than here, and all is well here: it may stay.
    [[nodiscard]] bool is_as(const PoolPlan& plan) const;
    /// Stays over a reload, which writes to its access log's file anew.
    void stay(os::UniqueFd access_log, std::chrono::milliseconds grace);
    [[nodiscard]] bool is_to_launch() const { return !start_decided_ || waking_; }
    /// The template is ready, or has failed: what a start waits for.
    [[nodiscard]] bool start_is_decided() const { return start_decided_; }
    /// Its first workers are there, too, or are not to be had.
    [[nodiscard]] bool has_started() const { return start_decided_ && !awaits_first_workers_; }
    /// A child has been reaped. False: it was none of this pool's.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);
    /// It is nobody's known child: perhaps a worker's that has not said hello yet.
    void stranger_ended(const os::ChildEnd& end) { staff_.stranger_ended(end); }
    [[nodiscard]] bool has_worker(pid_t pid) const;

    /// php-fpm's maintenance, once a second.
    void tick();
    /// php-fpm's graceful stop: running requests end, nothing new begins.
    void finish();
    /// The same for a pool that the configuration no longer has: nobody is to find its sockets any more, and
    /// its requests are ended after Parts::grace.
    void retire();
    /// Sends a signal to every process of the pool; no new ones are made.
    void stop_with(int signal);
    [[nodiscard]] bool has_processes() const;
    /// Calls the function with the number of each of them.
    template <typename Function>
    void visit_processes(Function function) {
        if (template_.handle().pid() != 0) function(template_.handle().pid());
        for (const WorkerHandle& worker : staff_.handles()) {
            if (worker.life != WorkerLife::absent && worker.pid != 0) function(worker.pid);
        }
    }
    [[nodiscard]] bool holds_connections() const { return share_.held() > 0; }
    /// Its own workers, those that were ordered too.
    [[nodiscard]] std::size_t staff_size() const { return staff_.live(); }
    /// The process that has the pool is the former master from now on: it starts no templates, and the
    /// sockets' files are its successor's. `most` 0: the workers may become more.
    void become_former(std::size_t most);
    /// Stopped, and nothing of it is left.
    [[nodiscard]] bool is_over() const;
    /// Numbers for the service manager's status line.
    struct Totals {
        std::uint64_t active = 0, idle = 0, requests = 0, slow = 0;
    };
    [[nodiscard]] Totals totals() const;
    [[nodiscard]] const config::PoolSettings& settings() const { return parts_.plan.settings; }
    [[nodiscard]] const os::ListenSocket& socket() const { return parts_.socket; }
    /// Nothing where the pool has no pm.status_listen.
    [[nodiscard]] const os::ListenSocket* status_socket() const {
        return status_listener_ ? &status_listener_->socket() : nullptr;
    }
    /// The path of the program that runs its templates and workers.
    [[nodiscard]] const std::string& worker_program() const;
    /// What one of its templates has told; nothing: there was none yet.
    [[nodiscard]] const PhpIdentity* php() const { return php_ ? &*php_ : nullptr; }
    [[nodiscard]] bool has_access_log() const { return !settings().access_log.empty(); }
    /// Opens the access log's file anew and hands it to all of the pool's processes.
    [[nodiscard]] base::Result<void> reopen_access_log();
    /// Removes the Unix sockets' files.
    void remove_sockets() const;

    // DispatchEvents
    [[nodiscard]] bool can_grow_on_demand() override;
    [[nodiscard]] bool may_grow() const override { return recruiter_.is_below_limit(); }
    void connection_waits_for_growth() override;
    [[nodiscard]] bool lacks_workers() const override { return is_asleep() || cannot_serve(); }
    [[nodiscard]] bool cannot_serve() const override;
    void busy_workers(std::size_t count) override;
    void worker_unreachable(WorkerHandle& worker) override;
    void listener_harmed(ListenerHarm harm) override;
    [[nodiscard]] std::uint64_t requests_begun() const override;
    [[nodiscard]] os::Backlog kernel_queue() override;
    [[nodiscard]] std::uint64_t requests_begun_by(const WorkerHandle& worker) const override {
        return staff_.requests_begun(worker);
    }
    [[nodiscard]] std::chrono::microseconds last_duration_of(const WorkerHandle& worker) const override {
        return staff_.last_duration(worker);
    }
    // TemplateKeeperEvents
    void template_ready(PhpIdentity php) override;
    void template_gone() override;
    [[nodiscard]] bool template_traced(const link::Trace& part, bool more) override {
        return slow_log_.take(part, more);
    }
    void template_broke_rules(Breach breach) override { rules_broken(breach); }
    void workers_made(std::span<const link::MadeWorker> workers) override { staff_.expect(workers); }
    void workers_unmade(std::span<const link::SpawnOrder> orders) override;
    [[nodiscard]] TemplateNeed template_need() const override;
    // RecruiterEvents
    [[nodiscard]] bool may_recruit() const override;
    [[nodiscard]] std::size_t room() const override;
    [[nodiscard]] std::size_t waiting_connections() override;
    void growth_rests() override { dispatcher_.pump_soon(); }
    void recruit_again() override;
    void template_does_nothing() override;
    // StaffEvents
    void worker_joined() override;
    void worker_gone(std::chrono::milliseconds lived, bool in_vain) override;
    void rules_broken(Breach breach) override;
    void request_lost(const status::SlotSnapshot& last, int code) override;
    // PoolHeir
    void await_place() override;
    void count_on(std::uint64_t requests, std::uint64_t slow) override;
    [[nodiscard]] ConnectionHeir& connection_heir() override { return dispatcher_; }
    [[nodiscard]] int listener() const override { return parts_.socket.fd.get(); }
    void add_former(Forerunner& former) override { formers_.push_back(&former); }
    void remove_former(Forerunner& former) override { std::erase(formers_, &former); }
    // Forerunner
    [[nodiscard]] bool yield_to(PoolHeir& coming) override;
    [[nodiscard]] bool yields_to(const PoolHeir& coming) const override { return coming_ == &coming; }
    [[nodiscard]] bool makes_place() override;
    void carry_on() override;
    [[nodiscard]] Estate estate() const override;
    void leave_to(PoolHeir& heir) override;
    void set_heir(PoolHeir* heir) override;
    [[nodiscard]] std::size_t living() const override;
    [[nodiscard]] bool is_asleep() const override { return template_.is_asleep() && staff_.live() == 0; }
    [[nodiscard]] PoolHeir* as_heir() override { return this; }

  private:
    Pool(PoolSurroundings& around, Parts parts, link::PoolPages pages, os::UniqueFd wake);
    // Succession: pool_succession.cpp
    void begin_succession();
    void wait_with_succession();
    void take_over();
    void part_from_files();
    void leave_within(std::chrono::milliseconds grace);
    void inherit(const Estate& estate);
    void pass_on_to_heir();

    // Misconduct: pool_conduct.cpp
    void stop_for_misconduct(std::string_view why);

    [[nodiscard]] TemplateStart template_start() const;
    void let_template_go();
    [[nodiscard]] bool is_ondemand() const { return settings().pm == config::ProcessManager::ondemand; }
    [[nodiscard]] bool can_wake() const;
    void let_idle_template_go();
    void log_slow_request(const WorkerHandle& worker);
    void decide_start();
    void look_whether_first_workers_came();
    [[nodiscard]] OwnPages make_own_pages();
    [[nodiscard]] std::string exposed_php_version(OwnPages::Address at) const;
    void sample_listen_queue();
    [[nodiscard]] status::PoolSnapshot snapshot() const;
    [[nodiscard]] status::PoolPage& page() const;
    void take_access_log(os::UniqueFd file);
    void say(log::Level level, const std::string& text) const {
        around_.log.pool(settings().name).log(level, text);
    }

    PoolSurroundings& around_;
    Parts parts_;
    link::PoolPages pages_;
    os::UniqueFd wake_;
    ConnectionShare share_;
    ClientLog client_log_;
    std::optional<PhpIdentity> php_;  ///< as its template has told
    OwnPages own_pages_;
    TimeShare time_share_;
    Staff staff_;
    Dispatcher dispatcher_;
    TemplateKeeper template_;
    Recruiter recruiter_;
    std::unique_ptr<StatusListener> status_listener_;
    SlowLog slow_log_;
    RequestWatch request_watch_;
    LostRequestLog lost_requests_;
    Conduct conduct_;
    Timer grace_timer_;
    Forerunner* predecessor_ = nullptr;  ///< while coming
    PoolHeir* coming_ = nullptr;         ///< the heir that is to come: workers that end are not replaced
    PoolHeir* heir_ = nullptr;           ///< while leaving, where there is one
    std::vector<Forerunner*> formers_;   ///< those that leave, whose heir this is
    /// What the heir has been told of already.
    struct Counted {
        std::uint64_t requests = 0;
        std::uint64_t slow = 0;
    } counted_;
    base::MonotonicTime last_needed_;  ///< when the template was last of use
    bool could_grow_ = false;          ///< what the dispatcher was last told
    bool waking_ = false;              ///< the template's start has been asked for
    bool start_decided_ = false;
    bool awaits_first_workers_ = false;
    bool open_ = false;
    bool stopping_ = false;
    std::size_t most_workers_ = 0;  ///< in a former master where process.max bounds all; 0: no such bound
    bool barred_ = false;           ///< stopped for misconduct: has no processes until a reload
};

}  // namespace phalanx::master

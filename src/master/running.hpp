#pragma once

#include <boost/asio/signal_set.hpp>
#include <deque>
#include <memory>
#include <string>

#include "configuration_reader.hpp"
#include "event_loop.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/master/master.hpp"
#include "phalanx/os/listen_queue.hpp"
#include "phalanx/os/own_program.hpp"
#include "phalanx/os/stall_alarm.hpp"
#include "pool_plan.hpp"
#include "pool_surroundings.hpp"
#include "pools.hpp"
#include "socket_store.hpp"

namespace phalanx::master {

/// What a master is once its loop exists: the one place where signals become deeds.
///
///   starting --all pools decided, or the wait is over--> serving
///   starting, serving --USR2, HUP, and the new configuration is good--> starting
///   starting, serving --QUIT--> finishing --no process left--> over
///   any --TERM, INT, or finishing takes too long--> terminating --no process left--> over
class Master::Running {
  public:
    Running(std::unique_ptr<EventLoop> loop, const config::GlobalSettings& global, const Options& options,
            log::ErrorLog& log);

    [[nodiscard]] base::Result<void> bind(config::Settings settings, os::PassedSockets passed);
    [[nodiscard]] int run(const std::function<void()>& announce);
    /// Removes the files that a start leaves: sockets and pid file.
    void clean_up();

  private:
    enum class State { starting, serving, finishing, terminating };
    /// How long a start waits for slow pools before it says that it is ready.
    static constexpr std::chrono::seconds start_limit{10};

    /// What running requests get when their worker is to go.
    [[nodiscard]] std::chrono::milliseconds grace() const;
    void arm_stall_alarm();
    void raise_priority();
    void await_signals();
    void handle_signal(int signal);
    void reap();
    void say_unknown(const os::ChildEnd& end);
    void maintain();
    void look_whether_started();
    void announce_ready();
    void tell_service_manager();
    [[nodiscard]] std::chrono::milliseconds monitor_interval() const;
    void reload();
    void change_to(NewConfiguration next);
    void keep_configuration();
    bool write_pid_file();
    void apply(const config::GlobalSettings& next);
    void say_reloading();
    void say_inherited();
    void count_crash();
    [[nodiscard]] bool is_ending() const {
        return state_ == State::finishing || state_ == State::terminating;
    }
    void finish();
    void terminate();
    void kill_what_stays();
    void look_whether_over();
    /// Whether the state changes; says so either way. States come in order, the last one stays.
    [[nodiscard]] bool enter(State state);
    void reopen_logs();

    std::unique_ptr<EventLoop> loop_;
    config::GlobalSettings global_;
    const Options& options_;
    log::ErrorLog& log_;
    WorkerQuota quota_;
    UnclaimedEnds unclaimed_;
    /// Made before the program became the master: by a shell that then executed it, say.
    std::vector<pid_t> strange_children_ = os::present_children();
    os::ListenQueues listen_queues_;
    MasterFacts facts_;
    PoolSurroundings around_;
    Pools pools_;
    SocketStore socket_store_;
    os::OwnProgram program_;
    ConfigurationReader reader_;
    boost::asio::signal_set signals_;
    Timer maintenance_timer_;
    Timer start_timer_;
    Timer stop_timer_;
    Timer monitor_timer_;
    std::optional<os::StallAlarm> stall_alarm_;  ///< while it runs
    State state_ = State::starting;
    std::function<void()> announce_;
    bool renew_all_ = false;                   ///< the next reload is an emergency restart
    bool reload_again_ = false;                ///< asked for while the configuration is being read
    std::deque<base::MonotonicTime> crashes_;  ///< the last emergency_restart_threshold ones
    std::uint64_t requests_reported_ = 0;
    bool pid_file_written_ = false;
};

}  // namespace phalanx::master

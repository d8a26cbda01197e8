#pragma once

#include <array>
#include <csignal>
#include <deque>
#include <memory>
#include <set>
#include <string>

#include "configuration_reader.hpp"
#include "event_loop.hpp"
#include "former_master.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/master/master.hpp"
#include "phalanx/master/plan.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/listen_queue.hpp"
#include "phalanx/os/own_program.hpp"
#include "phalanx/os/signal_queue.hpp"
#include "phalanx/os/stall_alarm.hpp"
#include "pool_surroundings.hpp"
#include "pools.hpp"
#include "program_trial.hpp"
#include "socket_store.hpp"
#include "successor.hpp"

namespace phalanx::master {

/// What a master is once its loop exists: the one place where signals become deeds.
///
///   starting --all pools decided, or the wait is over--> serving
///   starting, serving --USR2, HUP, and the new configuration is good--> starting
///   starting, serving --QUIT--> finishing --no process left--> over
///   any --TERM, INT, or finishing takes too long--> terminating --no process left--> over
///
/// At an upgrade the process executes another program; a copy of it goes on as the former master until its
/// workers have finished (upgrade.cpp).
class Master::Running : ReadyHandler {
  public:
    /// What it reacts to; of these it must have been given the queue.
    static constexpr std::array its_signals{SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGHUP};
    Running(std::unique_ptr<EventLoop> loop, os::SignalQueue signals, const config::GlobalSettings& global,
            const Options& options, log::ErrorLog& log);

    [[nodiscard]] base::Result<void> bind(Plan plan, os::PassedSockets passed,
                                          std::optional<os::PassedDescriptor> former);
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
    /// Signals have come.
    void on_ready(std::uint32_t events) override;
    void handle_signal(int signal);
    void reap();
    void child_ended(const os::ChildEnd& end);
    void say_unknown(const os::ChildEnd& end);
    void maintain();
    void look_whether_started();
    void announce_ready();
    void tell_service_manager();
    [[nodiscard]] std::chrono::milliseconds monitor_interval() const;
    void reload();
    void read_configuration();
    void change_to(NewConfiguration next);
    void keep_configuration();
    // The program was replaced: upgrade.cpp
    void prepare_for_new_program();
    void reserve_addresses(const NewConfiguration& next);
    void tried_new_program(TrialResult result);
    void upgrade();
    void drop_upgrade();
    struct Handover {
        os::MessagePair link;
        os::Pipe verdict;  ///< closed: the new program runs; a byte: it does not
    };
    [[nodiscard]] base::Result<Handover> prepare_handover();
    [[nodiscard]] base::Error execute_new_program(Handover handover, pid_t former);
    [[nodiscard]] std::vector<os::SocketToPass> sockets_to_pass() const;
    void become_former(Handover handover);
    void handle_signal_as_former(int signal);
    void look_whether_former_is_over();
    void former_master_ended();
    bool write_pid_file();
    void remove_former_pid_file(const std::string& former) const;
    void apply(const config::GlobalSettings& next);
    void say_execution();
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
    std::unique_ptr<FormerMaster> former_;  ///< where there was an upgrade
    Pools pools_;
    std::unique_ptr<Successor> successor_;  ///< in a former master
    SocketStore socket_store_;
    os::OwnProgram program_;
    ConfigurationReader reader_;
    ProgramTrial trial_;
    os::SignalQueue signals_;
    Watch signals_watch_;
    Timer maintenance_timer_;
    Timer reap_timer_;
    Timer start_timer_;
    Timer stop_timer_;
    Timer monitor_timer_;
    Timer upgrade_timer_;
    std::optional<os::StallAlarm> stall_alarm_;  ///< while it runs
    State state_ = State::starting;
    std::function<void()> announce_;
    bool renew_all_ = false;                   ///< the next reload is an emergency restart
    bool reload_again_ = false;                ///< asked for while the configuration is being read
    std::vector<os::ListenSocket> reserved_;   ///< for the new program
    std::set<std::string> provided_for_;       ///< its addresses, as far as this one has read of them
    os::UniqueFd tried_;                       ///< for it, too: the configuration that it has checked
    bool upgrade_later_ = false;               ///< asked for when it could not be
    std::deque<base::MonotonicTime> crashes_;  ///< the last emergency_restart_threshold ones
    std::uint64_t requests_reported_ = 0;
    int rounds_of_killing_ = 0;
    bool pid_file_written_ = false;
};

}  // namespace phalanx::master

#pragma once

#include <boost/asio/signal_set.hpp>
#include <memory>
#include <string>
#include <vector>

#include "event_loop.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/master/master.hpp"
#include "phalanx/os/listen_socket.hpp"
#include "pool.hpp"
#include "pool_settings.hpp"
#include "pool_surroundings.hpp"

namespace phalanx::master {

/// What a master is once its loop exists: the one place where signals become deeds.
///
///   starting --all pools decided, or the wait is over--> serving
///   starting, serving --QUIT--> finishing --no process left--> over
///   any --TERM, INT, or finishing takes too long--> terminating --no process left--> over
class Master::Running {
  public:
    Running(std::unique_ptr<EventLoop> loop, const config::Settings& settings, const Options& options,
            log::ErrorLog& log);

    [[nodiscard]] base::Result<void> bind();
    [[nodiscard]] int run(const std::function<void()>& announce);
    /// Removes the files that a start leaves: sockets and pid file.
    void clean_up();

  private:
    enum class State { starting, serving, finishing, terminating };

    [[nodiscard]] base::Result<void> bind_pool(const config::PoolSettings& settings);
    void say_ignored_owner(const config::PoolSettings& settings);
    [[nodiscard]] base::Result<os::ListenSocket> listen_at(const std::string& where,
                                                           const config::PoolSettings& settings);
    void raise_priority();
    void await_signals();
    void handle_signal(int signal);
    void reap();
    void maintain();
    void look_whether_started();
    void announce_ready();
    void tell_service_manager();
    void finish();
    void terminate();
    void kill_what_stays();
    void look_whether_over();
    void reopen_logs();

    std::unique_ptr<EventLoop> loop_;
    const config::Settings& settings_;
    const Options& options_;
    log::ErrorLog& log_;
    WorkerQuota quota_;
    UnclaimedEnds unclaimed_;
    os::ListenQueues listen_queues_;
    MasterFacts facts_;
    PoolSurroundings around_;
    std::vector<std::unique_ptr<Pool>> pools_;
    boost::asio::signal_set signals_;
    Timer maintenance_timer_;
    Timer start_timer_;
    Timer stop_timer_;
    Timer monitor_timer_;
    State state_ = State::starting;
    std::function<void()> announce_;
    std::uint64_t requests_reported_ = 0;
    bool pid_file_written_ = false;
};

}  // namespace phalanx::master

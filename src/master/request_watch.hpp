#pragma once

#include <chrono>
#include <functional>

#include "event_loop.hpp"
#include "phalanx/config/settings.hpp"
#include "pool_surroundings.hpp"
#include "staff.hpp"

namespace phalanx::master {

/// Looks at the scoreboard now and then for requests that take long: has the stack of each traced once
/// (php-fpm: request_slowlog_timeout) and ends those that take too long (request_terminate_timeout). For that
/// it sends the worker SIGTERM, which tells the client 504 if it has heard nothing yet; a worker that stays
/// is killed a second later. An idle worker is never touched, whatever connections it has kept alive.
class RequestWatch {
  public:
    /// `slow` is told of each slow request, once.
    RequestWatch(PoolSurroundings& around, const config::PoolSettings& settings, Staff& staff,
                 std::function<void(const WorkerHandle&)> slow);

    void start();
    void stop();

  private:
    void look();
    void look_at(WorkerHandle& worker);
    void say(const WorkerHandle& worker, const status::SlotSnapshot& now, const char* what) const;
    void say_wait(const WorkerHandle& worker, const status::SlotSnapshot& now) const;
    void kill_what_stays();

    PoolSurroundings& around_;
    const config::PoolSettings& settings_;
    Staff& staff_;
    std::function<void(const WorkerHandle&)> slow_;
    std::chrono::milliseconds interval_;
    Timer timer_;
    Timer kill_timer_;
};

}  // namespace phalanx::master

#pragma once

#include <chrono>

#include "event_loop.hpp"
#include "phalanx/config/settings.hpp"
#include "pool_surroundings.hpp"
#include "staff.hpp"

namespace phalanx::master {

/// Ends requests that take too long (php-fpm: request_terminate_timeout): looks at the scoreboard now and
/// then and sends the worker SIGTERM, which tells the client 504 if it has heard nothing yet; a worker that
/// stays is killed a second later. An idle worker is never touched, whatever connections it has kept alive.
class RequestWatch {
  public:
    RequestWatch(PoolSurroundings& around, const config::PoolSettings& settings, Staff& staff);

    void start();
    void stop();

  private:
    void look();
    void look_at(WorkerHandle& worker);
    [[nodiscard]] bool counts(status::Stage stage) const;
    void kill_what_stays();

    PoolSurroundings& around_;
    const config::PoolSettings& settings_;
    Staff& staff_;
    std::chrono::milliseconds interval_;
    Timer timer_;
    Timer kill_timer_;
};

}  // namespace phalanx::master

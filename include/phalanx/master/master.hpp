#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "phalanx/base/result.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/master/options.hpp"
#include "phalanx/master/plan.hpp"
#include "phalanx/os/execution.hpp"
#include "phalanx/os/passed_sockets.hpp"

namespace phalanx::master {

/// The master process: listening sockets, pools, signals, the service manager. One thread that never waits
/// for anything but its next event; it runs no PHP and may be root. Its partners are the template and the
/// workers of each pool (room `worker`).
class Master {
  public:
    /// `log` outlives the master.
    Master(Plan plan, Options options, log::ErrorLog& log);
    ~Master();
    Master(const Master&) = delete;
    Master& operator=(const Master&) = delete;

    /// Binds every pool's address, or listens at one of the sockets that were passed. After an Error nothing
    /// is left behind: sockets bound so far are removed. `former` leads to the former master, where this
    /// program was executed in its place.
    [[nodiscard]] base::Result<void> bind(os::PassedSockets passed,
                                          std::optional<os::PassedDescriptor> former);
    /// Starts the pools and serves until a signal ends it. `announce` is called once it is ready. Returns the
    /// exit code: 0, or 70 when the event loop cannot be had.
    [[nodiscard]] int run(const std::function<void()>& announce);

  private:
    class Running;
    Plan plan_;
    Options options_;
    log::ErrorLog& log_;
    std::unique_ptr<Running> running_;
};

}  // namespace phalanx::master

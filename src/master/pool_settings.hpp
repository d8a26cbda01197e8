#pragma once

#include <sys/types.h>

#include "phalanx/base/result.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/link/worker_settings.hpp"
#include "phalanx/master/options.hpp"
#include "phalanx/os/listen_socket.hpp"

namespace phalanx::master {

/// What the master is while it makes pools.
struct MasterFacts {
    pid_t pid = 0;
    bool is_root = false;
    int nice_value = 0;  ///< before the master raised its own priority
};

/// What a pool's template and workers are told: the configuration with names turned into numbers and defaults
/// filled in. An Error names the pool.
[[nodiscard]] base::Result<link::WorkerSettings> worker_settings(const config::Settings& settings,
                                                                 const config::PoolSettings& pool,
                                                                 const Options& options,
                                                                 const MasterFacts& master);

/// Who may connect to the pool's Unix socket. An Error names the pool.
[[nodiscard]] base::Result<os::SocketOwner> socket_owner(const config::PoolSettings& pool);

}  // namespace phalanx::master

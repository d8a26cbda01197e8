#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/link/worker_settings.hpp"
#include "phalanx/master/options.hpp"
#include "phalanx/os/listen_socket.hpp"

namespace phalanx::master {

/// An address to listen at, with its names looked up.
struct ListenPlan {
    std::string text;                          ///< as configured; empty: none
    std::vector<os::ListenAddress> addresses;  ///< numeric, in the order in which they are tried
};

/// A pool as it is to be, with every name looked up: nothing that is done with it has to wait.
struct PoolPlan {
    config::PoolSettings settings;
    link::WorkerSettings worker;  ///< what the pool's processes need of the settings
    os::SocketOwner owner;
    ListenPlan listen;
    ListenPlan status_listen;
    /// Differs when anything does on which the pool's processes depend: these settings, the worker program's
    /// file, the ini files. Empty: not known (reload.scope = all).
    std::string stamp;
};

/// A whole configuration as it is to be.
struct Plan {
    std::string file;  ///< the configuration file as it was named by the user
    config::GlobalSettings global;
    std::vector<PoolPlan> pools;
};

/// What the master is before it changes anything about itself.
struct MasterFacts {
    pid_t pid;
    bool is_root;
    int nice_value;
};
[[nodiscard]] MasterFacts facts_of_this_process();

/// Looks up users, groups and hosts, and so may wait. Error: one of them is unknown; the text names the pool
/// where php-fpm's does.
[[nodiscard]] base::Result<Plan> make_plan(config::Settings settings, const Options& options,
                                           const MasterFacts& master);

/// A plan as bytes, from the process that made it to the one that follows it.
[[nodiscard]] std::vector<std::byte> encode(const Plan& plan);
[[nodiscard]] base::Result<Plan> decode_plan(std::span<const std::byte> bytes);

}  // namespace phalanx::master

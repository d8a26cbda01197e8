#pragma once

#include "phalanx/base/result.hpp"
#include "phalanx/link/worker_settings.hpp"

namespace phalanx::worker {

/// Makes of a root process one of the pool's: limits, priority, working directory, identity, in php-fpm's
/// order (compat section 10). Nothing of it can be undone. Asks the kernel again for the master's death,
/// since a change of identity forgets that.
[[nodiscard]] base::Result<void> become_pool_user(const link::WorkerSettings& settings);

/// Ends this process if the master is gone already; from then on the kernel does that.
void live_and_die_with(pid_t master);

}  // namespace phalanx::worker

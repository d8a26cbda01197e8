#pragma once

#include <sys/types.h>

#include "file_limits.hpp"
#include "memory_limit.hpp"
#include "phalanx/base/ids.hpp"
#include "phalanx/link/pool_pages.hpp"
#include "phalanx/link/worker_settings.hpp"
#include "phalanx/os/unique_fd.hpp"
#include "trace_source.hpp"

namespace phalanx::worker {

/// What a template got from the master and its workers inherit by fork.
struct Inheritance {
    link::WorkerSettings settings;
    link::PoolPages pages;
    os::UniqueFd listener;
    os::UniqueFd wake;        ///< eventfd: wakes the dispatcher
    os::UniqueFd access_log;  ///< empty where the pool has none
    FileLimits files;
    MemoryLimit memory;
    TraceSource traces;  ///< of no use where the pool has no slow log
    [[nodiscard]] pid_t master() const { return static_cast<pid_t>(settings.master_pid); }
};

/// What one worker has for itself.
struct OwnParts {
    base::WorkerSlot slot;
    os::UniqueFd channel;
    os::UniqueFd out;  ///< standard output, where the master captures it
    os::UniqueFd err;  ///< standard error, the same
};

}  // namespace phalanx::worker

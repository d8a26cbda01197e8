#pragma once

#include <sys/types.h>

#include "inheritance.hpp"

namespace phalanx::worker {

/// Waits until a fork of the template is the master's child, and binds its life to the master's. False: the
/// master is gone.
[[nodiscard]] bool become_child_of_master(const Inheritance& inherited, pid_t batch_parent);

/// Makes of it a worker: own output, confinement, title, environment, PHP values and signal handlers. False,
/// and why on standard error: it must not serve.
[[nodiscard]] bool start_as_worker(Inheritance& inherited, OwnParts& own);

/// After a request whose script could change them (pcntl): dispositions, mask and alarms as they were.
void restore_worker_signals(const link::PoolPages& pages, base::WorkerSlot slot);
/// In a process that a script has forked off: QUIT ends it as it ends any other.
void forget_worker_signals();

/// SIGQUIT came: the worker is to leave after its request (php-fpm: worker signals).
[[nodiscard]] bool leave_requested() noexcept;

}  // namespace phalanx::worker

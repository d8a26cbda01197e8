#pragma once

#include <sys/types.h>

#include "inheritance.hpp"

namespace phalanx::worker {

/// Makes of a fork of the template a worker: child of the master, own output, title, environment, PHP values
/// and signal handlers. False: it must not serve.
[[nodiscard]] bool start_as_worker(Inheritance& inherited, OwnParts& own, pid_t batch_parent);

/// After a request whose script could change them (pcntl): dispositions, mask and alarms as they were.
void restore_worker_signals();
/// In a process that a script has forked off: QUIT ends it as it ends any other.
void forget_worker_signals();

/// SIGQUIT came: the worker is to leave after its request (php-fpm: worker signals).
[[nodiscard]] bool leave_requested() noexcept;

}  // namespace phalanx::worker

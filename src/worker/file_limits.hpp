#pragma once

#include <cstddef>

#include "phalanx/link/worker_settings.hpp"
#include "phalanx/os/process.hpp"

namespace phalanx::worker {

/// How many descriptors a pool's processes may have open. The workers' limit is the pool's (rlimit_files, or
/// what the master was started with); their template needs room for a whole batch of their channels and, with
/// a slow log, one descriptor for each of them, however low that limit is: without it no worker would start.
class FileLimits {
  public:
    /// The template's side, before it gives up root: makes room as far as it may.
    void make_room(const link::WorkerSettings& settings);
    /// The worker's side.
    void limit_worker() const;

    /// Descriptors with this number or a higher one are not to be kept: the rest is for new workers.
    [[nodiscard]] int kept_below() const { return kept_below_; }

  private:
    os::FileLimit worker_;
    int kept_below_ = 0;
};

}  // namespace phalanx::worker

#pragma once

#include <optional>

#include "phalanx/os/process.hpp"

namespace phalanx::worker {

/// RLIMIT_NPROC counts all processes of a user. php-fpm's workers are forked by root, whom it does not bind;
/// here the template forks them, as the pool's user. So that is not limited, if root was there to see to it,
/// and its workers have the limit that was there before.
class ProcessLimit {
  public:
    /// The template's side, before it gives up root.
    void lift() {
        const auto former = os::process_limit();
        if (former && os::set_process_limit(os::any_number_of_processes)) worker_ = former;
    }
    /// The worker's side.
    void limit_worker() const {
        if (worker_) (void)os::set_process_limit(*worker_);
    }

  private:
    std::optional<os::ProcessLimit> worker_;
};

}  // namespace phalanx::worker

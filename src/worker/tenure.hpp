#pragma once

#include <cstdint>
#include <optional>

#include "memory_limit.hpp"
#include "phalanx/base/clock.hpp"
#include "phalanx/link/worker_settings.hpp"

namespace phalanx::worker {

/// How long a worker may serve before another one takes its place: pm.max_requests, pm.max_lifetime,
/// pm.max_memory. Requests and lifetime are less by up to a tenth, at random, lest workers that were made
/// together all leave together. (The master sees to those that are idle at the end of their lifetime.)
class Tenure {
  public:
    Tenure(const link::WorkerSettings& settings, MemoryLimit memory);

    void request_served() { ++served_; }
    /// To be asked after each request.
    [[nodiscard]] bool is_over();

  private:
    std::uint64_t served_ = 0;
    std::uint64_t most_requests_;  ///< 0: any number
    std::optional<base::MonotonicTime> end_;
    MemoryLimit memory_;
};

/// The number less up to a tenth of it: one below 10 stays as it is. `chance` is any number at all.
[[nodiscard]] std::uint64_t less_up_to_a_tenth(std::uint64_t number, std::uint64_t chance);

}  // namespace phalanx::worker

#pragma once

#include <chrono>
#include <cstddef>

#include "phalanx/base/clock.hpp"

namespace phalanx::master {

/// Counts wake-ups of the master by a pool's processes that found no idle worker. An honest worker is idle
/// when it wakes the master, unless it has died since.
class VainWakeUps {
  public:
    static constexpr std::size_t most = 1000;
    static constexpr std::chrono::seconds window{1};

    /// Counts one more. True: that was one too many within the window.
    [[nodiscard]] bool are_too_many_at(base::MonotonicTime now) {
        if (now - begun_ >= window) {
            begun_ = now;
            count_ = 0;
        }
        return ++count_ > most;
    }

  private:
    base::MonotonicTime begun_;
    std::size_t count_ = 0;
};

}  // namespace phalanx::master

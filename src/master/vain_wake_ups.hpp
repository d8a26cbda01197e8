#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "phalanx/base/clock.hpp"

namespace phalanx::master {

/// Counts wake-ups of the master by a pool's processes that found no idle worker. An honest worker is idle
/// when it wakes the master, unless it has died or found a connection by itself since. Of the latter a busy
/// pool may have many, but no more than requests.
class VainWakeUps {
  public:
    static constexpr std::size_t most = 1000;
    static constexpr std::chrono::seconds window{1};

    /// Counts one more. True: that was one too many within the window. `requests_begun()` tells how many
    /// requests the pool's workers have begun so far; it is asked once a window, and when there are too many.
    template <typename RequestsBegun>
    [[nodiscard]] bool are_too_many_at(base::MonotonicTime now, RequestsBegun requests_begun) {
        if (now - begun_ >= window) begin(now, requests_begun());
        if (++count_ <= most) return false;
        const std::uint64_t requests = requests_begun();
        if (requests - requests_before_ < most) return true;
        begin(now, requests);
        return false;
    }

  private:
    void begin(base::MonotonicTime now, std::uint64_t requests) {
        begun_ = now;
        requests_before_ = requests;
        count_ = 0;
    }

    base::MonotonicTime begun_;
    std::uint64_t requests_before_ = 0;
    std::size_t count_ = 0;
};

}  // namespace phalanx::master

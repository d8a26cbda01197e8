#pragma once

#include <chrono>
#include <cstdint>

namespace phalanx::base {

using Monotonic = std::chrono::steady_clock;
using MonotonicTime = Monotonic::time_point;
using WallClock = std::chrono::system_clock;
using WallTime = WallClock::time_point;

/// CLOCK_MONOTONIC in microseconds: the form in which times stand in pages shared between processes.
[[nodiscard]] inline std::uint64_t monotonic_usec() {
    using std::chrono::duration_cast, std::chrono::microseconds;
    return static_cast<std::uint64_t>(
        duration_cast<microseconds>(Monotonic::now().time_since_epoch()).count());
}

/// Seconds since 1970 of the wall clock.
[[nodiscard]] inline std::int64_t wall_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch()).count();
}

}  // namespace phalanx::base

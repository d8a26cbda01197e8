#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

namespace phalanx::base {

using Monotonic = std::chrono::steady_clock;
using MonotonicTime = Monotonic::time_point;

/// CLOCK_MONOTONIC in microseconds: the form in which times stand in pages shared between processes.
[[nodiscard]] inline std::uint64_t monotonic_usec() {
    using std::chrono::duration_cast, std::chrono::microseconds;
    return static_cast<std::uint64_t>(
        duration_cast<microseconds>(Monotonic::now().time_since_epoch()).count());
}

/// Seconds since 1970 of the wall clock, as PHP's time(): as old as the kernel's last tick at most, and
/// cheaper than the exact time.
[[nodiscard]] inline std::int64_t wall_seconds() {
    return std::time(nullptr);
}

}  // namespace phalanx::base

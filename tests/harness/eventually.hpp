#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace phalanx::harness {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How long something that must happen may take before the test gives up. Only a failing test waits so long.
inline constexpr milliseconds kPatience{20'000};

/// How long something that must *not* happen is watched for. Every such watch costs this much in a passing
/// test.
inline constexpr milliseconds kWatch{300};

/// Asks until the predicate holds or the time is over; the answer is the predicate's last one.
template <typename Predicate>
[[nodiscard]] bool eventually(milliseconds deadline, Predicate&& predicate) {
    constexpr milliseconds kLongestPause{16};
    const auto end = Clock::now() + deadline;
    for (milliseconds pause{1}; !predicate(); pause = std::min(pause * 2, kLongestPause)) {
        if (Clock::now() >= end) return predicate();
        std::this_thread::sleep_for(pause);
    }
    return true;
}

}  // namespace phalanx::harness

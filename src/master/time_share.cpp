#include "time_share.hpp"

#include <algorithm>
#include <utility>

namespace phalanx::master {
namespace {

/// Nothing; the end of a pipe, which cannot be masked, once and not for ever.
constexpr std::uint32_t paused_events = EPOLLET;

}  // namespace

bool TimeShare::is_used_up(base::MonotonicTime now) {
    if (now - window_begun_ >= window) {
        window_begun_ = now;
        used_ = {};
    }
    return used_ >= most;
}

void TimeShare::pause(Member& member) {
    member.watch_.rearm(paused_events);
    if (std::find(paused_.begin(), paused_.end(), &member) == paused_.end()) paused_.push_back(&member);
    if (timer_.armed()) return;
    const auto left = window_begun_ + window - base::Monotonic::now();
    timer_.start(std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(1)),
                 [this] { resume(); });
}

void TimeShare::resume() {
    for (Member* member : std::exchange(paused_, {})) {
        // Whom it watched may have ended meanwhile.
        if (member->watch_) member->watch_.rearm(EPOLLIN);
    }
}

}  // namespace phalanx::master

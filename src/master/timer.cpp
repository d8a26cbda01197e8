#include "timer.hpp"

#include <algorithm>
#include <utility>

#include "event_loop.hpp"

namespace phalanx::master {

using std::chrono::milliseconds;

namespace {

/// A century: configured times may be longer than the clock can add.
constexpr milliseconds longest = std::chrono::hours(24) * 36'525;

}  // namespace

std::optional<milliseconds> TimerQueue::time_to_next() const {
    if (running_.empty()) return std::nullopt;
    const auto left = running_.begin()->first - base::Monotonic::now();
    return std::max(std::chrono::ceil<milliseconds>(left), milliseconds(0));
}

void TimerQueue::ring() {
    if (running_.empty()) return;
    // One that is started meanwhile is for later than this, so this ends.
    const auto now = base::Monotonic::now();
    while (!running_.empty() && running_.begin()->first <= now) {
        Timer& timer = *running_.begin()->second;
        const auto action = std::exchange(timer.action_, nullptr);
        timer.cancel();
        action();
    }
}

Timer::Timer(EventLoop& loop) : queue_(loop.timers()), place_(queue_.running_.end()) {}

void Timer::start(milliseconds after, std::function<void()> action) {
    cancel();
    action_ = std::move(action);
    place_ =
        queue_.running_.emplace(base::Monotonic::now() + std::clamp(after, milliseconds(0), longest), this);
}

void Timer::cancel() {
    if (armed()) queue_.running_.erase(std::exchange(place_, queue_.running_.end()));
}

}  // namespace phalanx::master

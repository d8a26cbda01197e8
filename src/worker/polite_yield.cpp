#include "polite_yield.hpp"

#include <sched.h>

#include <algorithm>
#include <ctime>

#include "phalanx/base/clock.hpp"

namespace phalanx::worker {

std::chrono::nanoseconds PoliteYield::most_of_a_tick() {
    using namespace std::chrono_literals;
    timespec tick{};
    ::clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return std::clamp<std::chrono::nanoseconds>(std::chrono::nanoseconds(tick.tv_nsec) * 5 / 8, 1ms, 2'500us);
}

void PoliteYield::give_way() {
    if (!is_worth_it()) return;
    const auto begin = base::Monotonic::now();
    ::sched_yield();
    learn(base::Monotonic::now() - begin);
}

bool PoliteYield::is_worth_it() {
    if (skips_ == 0) return true;
    --skips_;
    return false;
}

void PoliteYield::learn(std::chrono::nanoseconds took) {
    if (took <= slow_) {
        pause_ /= 2;
        skips_ = others_;
        return;
    }
    pause_ = std::clamp(2 * pause_, shortest_pause, longest_pause);
    skips_ = pause_;
}

}  // namespace phalanx::worker

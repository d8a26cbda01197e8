#include "phalanx/os/stall_alarm.hpp"

#include <csignal>
#include <utility>

namespace phalanx::os {
namespace {

constexpr long half_a_second = 500'000'000;
constexpr itimerspec soon{{0, half_a_second}, {1, half_a_second}};

}  // namespace

base::Result<StallAlarm> StallAlarm::create() {
    struct sigaction action {};
    // Without SA_RESTART: the call is not to begin anew.
    action.sa_handler = [](int) {};
    if (::sigaction(SIGALRM, &action, nullptr) != 0) return base::system_error("sigaction(SIGALRM) failed");
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    timer_t timer{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        return base::system_error("timer_create() failed");
    return StallAlarm(timer);
}

StallAlarm::StallAlarm(StallAlarm&& other) noexcept
    : timer_(other.timer_), made_(std::exchange(other.made_, false)) {}

StallAlarm::~StallAlarm() {
    if (made_) (void)::timer_delete(timer_);
}

void StallAlarm::put_off() {
    (void)::timer_settime(timer_, 0, &soon, nullptr);
}

}  // namespace phalanx::os

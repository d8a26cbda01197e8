#include "time_limit.hpp"

#include <dlfcn.h>
#include <sys/time.h>

#include <cerrno>
#include <csignal>

#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

constexpr suseconds_t tick_usec = 100'000;

/// Who measures the time of the running request.
enum class Clock : sig_atomic_t {
    engine,  ///< the engine's own timer
    ticks    ///< ours, until its next tick
};
volatile Clock clock_in_use = Clock::engine;

bool may_tick = false;
/// The limit that starts to count at the next tick; 0: none.
volatile zend_long awaited_limit = 0;

using SetTimeout = void (*)(zend_long, bool);
using UnsetTimeout = void (*)();

template <typename Function>
Function engine_function(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void set_engine_timer(zend_long seconds, bool reset_signal) {
    static const auto set = engine_function<SetTimeout>("zend_set_timeout");
    set(seconds, reset_signal);
}

void stop_engine_timer() {
    static const auto unset = engine_function<UnsetTimeout>("zend_unset_timeout");
    unset();
}

void on_tick(int) {
    if (clock_in_use != Clock::ticks || awaited_limit == 0) return;
    const int error = errno;
    clock_in_use = Clock::engine;
    set_engine_timer(awaited_limit, true);
    errno = error;
}

/// Past the engine's own registry of handlers, which it empties before each request.
void start_ticks() {
    awaited_limit = 0;
    struct sigaction action {};
    action.sa_handler = on_tick;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGPROF, &action, nullptr);
    const itimerval ticks{{0, tick_usec}, {0, tick_usec}};
    (void)setitimer(ITIMER_PROF, &ticks, nullptr);
    clock_in_use = Clock::ticks;
}

}  // namespace

void keep_time_by_ticks() {
    // So that the handler finds the function looked up already. The engine notes the limit, and with
    // max_input_time = -1 its requests start with what is noted there: php.ini's max_execution_time.
    const zend_long limit = EG(timeout_seconds);
    set_engine_timer(0, false);
    stop_engine_timer();
    EG(timeout_seconds) = limit;
    may_tick = true;
    start_ticks();
}

}  // namespace phalanx::php

// In the place of the engine's functions of these names. A tick may come between any two of their steps.

extern "C" void zend_set_timeout(zend_long seconds, bool reset_signals) {
    using namespace phalanx::php;
    EG(timeout_seconds) = seconds;
    zend_atomic_bool_store_ex(&EG(timed_out), false);
    awaited_limit = seconds;
    if (clock_in_use == Clock::engine) set_engine_timer(seconds, reset_signals);
}

extern "C" void zend_unset_timeout() {
    using namespace phalanx::php;
    awaited_limit = 0;
    if (clock_in_use == Clock::engine) {
        stop_engine_timer();
        if (may_tick) start_ticks();
    }
    zend_atomic_bool_store_ex(&EG(timed_out), false);
}

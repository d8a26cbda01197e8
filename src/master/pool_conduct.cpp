#include <fmt/format.h>

#include <csignal>

#include "pool.hpp"

// What a pool is stopped for, so that others do not have to bear it: its listening socket stays open and its
// clients are told so at once (503), but it has no process any more. The next generation, after a reload,
// starts anew.

namespace phalanx::master {

void Pool::rules_broken(Breach breach) {
    if (stopping_ || barred_) return;
    // Also where the worker claims to have served: whoever breaks rules is not to be believed.
    if (!conduct_.is_too_bad_after(breach, base::Monotonic::now())) return;
    if (breach == Breach::grave) return stop_for_misconduct("it sent the master descriptors of its own");
    stop_for_misconduct(fmt::format("its processes broke the rules of their channels {} times within {} s",
                                    Conduct::most_breaches, Conduct::window.count()));
}

void Pool::listener_harmed(ListenerHarm harm) {
    if (stopping_ || barred_) return;
    stop_for_misconduct(
        harm == ListenerHarm::made_blocking
            ? "one of its processes made its listening socket wait (O_NONBLOCK)"
            : "its listening socket was shut down by one of its processes (a reload makes a new one)");
}

void Pool::stop_for_misconduct(std::string_view why) {
    barred_ = true;
    say(log::Level::alert,
        fmt::format("stopped, because {}; its clients get 503 until a reload (SIGUSR2) starts it again",
                    why));
    template_.kill();
    staff_.signal_all(SIGKILL);
    decide_start();
    wait_with_succession();
    dispatcher_.pump_soon();
}

}  // namespace phalanx::master

#include "phalanx/os/signal_queue.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

namespace phalanx::os {

base::Result<SignalQueue> SignalQueue::open(std::span<const int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) sigaddset(&set, signal);
    (void)::sigprocmask(SIG_SETMASK, &set, nullptr);
    // Blocked first: the default ends the process. What is ignored (as nohup(1) leaves SIGHUP) would not
    // wait.
    for (const int signal : signals) (void)::signal(signal, SIG_DFL);
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return base::system_error("signalfd() failed");
    return SignalQueue(std::move(fd));
}

std::span<const int> SignalQueue::take(Room& room) {
    std::array<signalfd_siginfo, NSIG> waiting;
    const ssize_t size = ::read(fd_.get(), waiting.data(), sizeof waiting);
    const std::size_t count = size > 0 ? static_cast<std::size_t>(size) / sizeof(signalfd_siginfo) : 0;
    for (std::size_t i = 0; i < count; ++i) room[i] = static_cast<int>(waiting[i].ssi_signo);
    return std::span(room).first(count);
}

}  // namespace phalanx::os

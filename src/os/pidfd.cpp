#include "phalanx/os/pidfd.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>

namespace phalanx::os {
namespace {

// glibc 2.36 has P_PIDFD but Debian 12's headers hide it from strict C++ in some configurations.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

}  // namespace

base::Result<UniqueFd> open_pidfd(pid_t pid) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return base::system_error("pidfd_open() failed");
    return fd;
}

bool send_signal(const UniqueFd& pidfd, int signal) {
    return pidfd && ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

bool is_own_child(const UniqueFd& pidfd) {
    siginfo_t info{};
    return ::waitid(by_pidfd, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

bool is_own_child(pid_t pid) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void await_end(const UniqueFd& pidfd) {
    pollfd watched{pidfd.get(), POLLIN, 0};
    while (::poll(&watched, 1, -1) < 0 && errno == EINTR) {
    }
}

std::optional<ChildEnd> reap_any_child() {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return std::nullopt;
    ChildEnd end{info.si_pid, ChildEnd::How::exited, info.si_status};
    if (info.si_code == CLD_KILLED) end.how = ChildEnd::How::killed;
    if (info.si_code == CLD_DUMPED) end.how = ChildEnd::How::dumped_core;
    return end;
}

std::optional<pid_t> take_stopped_child() {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG) != 0 || info.si_pid == 0) return std::nullopt;
    return info.si_pid;
}

std::vector<pid_t> present_children() {
    std::ifstream list("/proc/thread-self/children");
    std::vector<pid_t> children;
    for (pid_t pid = 0; list >> pid;) children.push_back(pid);
    return children;
}

void become_subreaper() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void set_parent_death_signal(int signal) {
    ::prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

}  // namespace phalanx::os

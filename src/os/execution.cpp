#include "phalanx/os/execution.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "phalanx/base/parse.hpp"
#include "phalanx/os/descriptor.hpp"
#include "pointers.hpp"

namespace phalanx::os {
namespace {

using base::Result;
using base::system_error;

bool keep_over_exec(const std::vector<int>& descriptors, bool keep) {
    bool all = true;
    for (const int fd : descriptors) all = ::fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC) == 0 && all;
    return all;
}

/// What /proc says of a process behind its name, which may hold anything: state, parent, ... Never waits.
struct ProcessLook {
    char state = '?';
    pid_t parent = 0;
    int exit_status = 0;
};

std::optional<ProcessLook> look_at(pid_t pid) {
    const UniqueFd file(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> room;
    const ssize_t size = file ? ::read(file.get(), room.data(), room.size()) : -1;
    if (size <= 0) return std::nullopt;
    const std::string text(room.data(), static_cast<std::size_t>(size));
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    ProcessLook look;
    fields >> look.state >> look.parent;
    // proc(5): the exit status is number 52, and the parent 4.
    constexpr int between = 52 - 4 - 1;
    std::string skipped;
    for (int i = 0; i < between; ++i) fields >> skipped;
    fields >> look.exit_status;
    if (!fields) return std::nullopt;
    return look;
}

}  // namespace

Result<Fork> fork_process() {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork() failed");
    if (pid == 0) {
        set_parent_death_signal(SIGKILL);
        if (::getppid() != parent) ::_exit(0);
        return Fork{true, {}};
    }
    auto pidfd = open_pidfd(pid);
    if (pidfd) return Fork{false, {pid, *std::move(pidfd)}};
    (void)::kill(pid, SIGKILL);
    (void)::waitpid(pid, nullptr, 0);
    return pidfd.error();
}

base::Error execute(const Execution& execution) {
    const auto arguments = pointers(execution.arguments);
    const auto environment = pointers(execution.environment);
    const int nice_value = ::getpriority(PRIO_PROCESS, 0);
    const FileLimit limit = file_limit();
    if (!keep_over_exec(execution.descriptors, true)) {
        auto error = system_error("a descriptor cannot be handed on");
        (void)keep_over_exec(execution.descriptors, false);
        return error;
    }
    (void)::setpriority(PRIO_PROCESS, 0, execution.nice_value);
    if (execution.file_limit != 0) (void)set_file_limit({execution.file_limit, limit.hard});
    ::execve(execution.path.c_str(), arguments.data(), environment.data());
    auto error = system_error(fmt::format("failed to execute '{}'", execution.path));
    (void)keep_over_exec(execution.descriptors, false);
    (void)::setpriority(PRIO_PROCESS, 0, nice_value);
    (void)set_file_limit(limit);
    return error;
}

std::optional<PassedDescriptor> take_passed_descriptor(const std::string& variable, PassedKind kind) {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) return std::nullopt;
    const std::string text = value;
    ::unsetenv(variable.c_str());
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto number = base::parse_unsigned(text.substr(0, colon));
    if (!number || *number <= STDERR_FILENO || *number > INT_MAX) return std::nullopt;
    const int fd = static_cast<int>(*number);
    struct stat file {};
    const mode_t wanted = kind == PassedKind::socket ? S_IFSOCK : S_IFREG;
    if (::fstat(fd, &file) != 0 || (file.st_mode & S_IFMT) != wanted) return std::nullopt;
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return std::nullopt;
    return PassedDescriptor{UniqueFd(fd), text.substr(colon + 1)};
}

bool is_child_of(const UniqueFd& pidfd, pid_t pid, pid_t parent) {
    const auto look = look_at(pid);
    // The number was still that process's when /proc was read.
    return look && look->parent == parent && send_signal(pidfd, 0);
}

std::optional<ChildEnd> end_of_zombie(pid_t pid) {
    const auto look = look_at(pid);
    if (!look || look->state != 'Z') return std::nullopt;
    const int status = look->exit_status;
    if (WIFEXITED(status)) return ChildEnd{pid, ChildEnd::How::exited, WEXITSTATUS(status)};
    return ChildEnd{pid, WCOREDUMP(status) ? ChildEnd::How::dumped_core : ChildEnd::How::killed,
                    WTERMSIG(status)};
}

}  // namespace phalanx::os

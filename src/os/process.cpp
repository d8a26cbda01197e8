#include "phalanx/os/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/pidfd.hpp"
#include "pointers.hpp"

namespace phalanx::os {
namespace {

using base::Result;
using base::system_error;

struct TitleRoom {
    char* begin = nullptr;
    std::size_t size = 0;
};
TitleRoom title_room;

void set_soft_file_limit(std::uint64_t files) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min<rlim_t>(files, limit.rlim_max);
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Whoever started this process may have left descriptors open in it that are none of ours.
void close_others_at_exec(std::vector<int> kept) {
    constexpr unsigned close_range_cloexec = 4;  // CLOSE_RANGE_CLOEXEC, newer than glibc's strict headers
    kept.insert(kept.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
    std::sort(kept.begin(), kept.end());
    unsigned next = 0;
    for (const int fd : kept) {
        const auto number = static_cast<unsigned>(fd);
        if (number > next) (void)::syscall(SYS_close_range, next, number - 1, close_range_cloexec);
        next = number + 1;
    }
    (void)::syscall(SYS_close_range, next, ~0U, close_range_cloexec);
}

/// The child's way from fork to exec: returns only to report the errno that stopped it.
int enter_program(const ProgramStart& start, char* const* arguments, char* const* environment,
                  int report_fd) {
    reset_signals();
    // First out of the way of every target number, then into place.
    int free_numbers = STDERR_FILENO + 1;
    for (const auto& placed : start.descriptors) free_numbers = std::max(free_numbers, placed.number + 1);
    std::vector<UniqueFd> copies;
    for (const auto& placed : start.descriptors) {
        copies.emplace_back(::fcntl(placed.fd, F_DUPFD_CLOEXEC, free_numbers));
        if (!copies.back()) return errno;
    }
    std::vector<int> kept;
    UniqueFd report(::fcntl(report_fd, F_DUPFD_CLOEXEC, free_numbers));
    for (std::size_t i = 0; i < copies.size(); ++i) {
        if (::dup2(copies[i].get(), start.descriptors[i].number) < 0) return errno;
        kept.push_back(start.descriptors[i].number);
    }
    close_others_at_exec(std::move(kept));
    if (start.file_limit != 0) set_soft_file_limit(start.file_limit);
    ::execve(start.path.c_str(), arguments, environment);
    const int error = errno;
    (void)!::write(report.get(), &error, sizeof error);
    ::_exit(127);
}

}  // namespace

Result<Child> start_program(const ProgramStart& start) {
    auto report = make_pipe();
    if (!report) return report.error();
    const auto arguments = pointers(start.arguments);
    const auto environment = pointers(start.environment);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork() failed");
    if (pid == 0) {
        // Where the caller is killed for taking too long, its helper has taken too long, too.
        set_parent_death_signal(SIGKILL);
        if (::getppid() != parent) ::_exit(0);
        const int error = enter_program(start, arguments.data(), environment.data(), report->write_end.get());
        (void)!::write(report->write_end.get(), &error, sizeof error);
        ::_exit(127);
    }
    auto pidfd = open_pidfd(pid);
    report->write_end.reset();
    int error = 0;
    // Exec closes the child's end: the wait is as long as an exec, and a dead child ends it too.
    ssize_t size = 0;
    while ((size = ::read(report->read_end.get(), &error, sizeof error)) < 0 && errno == EINTR) {
    }
    if (size == sizeof error) {
        (void)::waitpid(pid, nullptr, 0);
        return system_error(fmt::format("failed to execute '{}'", start.path), error);
    }
    if (!pidfd) return pidfd.error();
    return Child{pid, *std::move(pidfd)};
}

Result<Child> start_copy(int kept, const std::function<void()>& work) {
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork() failed");
    if (pid == 0) {
        (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(70);
        reset_signals();
        const auto number = static_cast<unsigned>(kept);
        if (number > STDERR_FILENO + 1U) (void)::syscall(SYS_close_range, STDERR_FILENO + 1U, number - 1, 0);
        (void)::syscall(SYS_close_range, number + 1, ~0U, 0);
        work();
        ::_exit(0);
    }
    auto pidfd = open_pidfd(pid);
    if (pidfd) return Child{pid, *std::move(pidfd)};
    (void)::kill(pid, SIGKILL);
    (void)::waitpid(pid, nullptr, 0);
    return pidfd.error();
}

void reset_signals() {
    reset_signals_except({});
}

void reset_signals_except(std::span<const int> kept) {
    for (int signal = 1; signal < NSIG; ++signal) {
        if (signal == SIGKILL || signal == SIGSTOP) continue;
        if (std::find(kept.begin(), kept.end(), signal) == kept.end()) (void)::signal(signal, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void prepare_process_title(int argc, char** argv) {
    // Arguments and environment lie one after the other on the stack: their whole room may hold the title,
    // once the environment has moved elsewhere.
    char* end = argv[0];
    for (int i = 0; i < argc; ++i) {
        if (argv[i] == end) end = argv[i] + std::strlen(argv[i]) + 1;
    }
    for (char** entry = environ; *entry != nullptr; ++entry) {
        if (*entry == end) end = *entry + std::strlen(*entry) + 1;
    }
    // Kept for good: the C library's environment consists of them, as long as nobody changes it.
    static std::vector<std::string> texts;
    static std::vector<char*> moved;
    texts = environment_list();
    moved = pointers(texts);
    environ = moved.data();
    title_room = {argv[0], static_cast<std::size_t>(end - argv[0])};
}

void set_process_title(std::string_view title) {
    if (title_room.size < 2) return;
    const std::size_t length = std::min(title.size(), title_room.size - 1);
    std::memset(title_room.begin, 0, title_room.size);
    std::memcpy(title_room.begin, title.data(), length);
}

std::vector<std::string> environment_list() {
    std::vector<std::string> list;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) list.emplace_back(*entry);
    return list;
}

FileLimit file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
    return {limit.rlim_cur, limit.rlim_max};
}

Result<void> set_file_limit(FileLimit limit) {
    const rlimit wanted{limit.soft, limit.hard};
    if (::setrlimit(RLIMIT_NOFILE, &wanted) != 0) return system_error("setrlimit(RLIMIT_NOFILE) failed");
    return {};
}

Result<void> allow_files(std::uint64_t files) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max >= files) return {};
    return limit_files(files);
}

Result<void> limit_files(std::uint64_t files) {
    const rlimit limit{files, files};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return system_error(
            fmt::format("failed to set rlimit_files for this pool. Please check your system limits or "
                        "decrease rlimit_files. setrlimit(RLIMIT_NOFILE, {})",
                        files));
    }
    return {};
}

Result<void> limit_core(std::int64_t bytes) {
    const rlim_t value = bytes < 0 ? RLIM_INFINITY : static_cast<rlim_t>(bytes);
    const rlimit limit{value, value};
    if (::setrlimit(RLIMIT_CORE, &limit) != 0) {
        return system_error(
            fmt::format("failed to set rlimit_core for this pool. Please check your system limits or "
                        "decrease rlimit_core. setrlimit(RLIMIT_CORE, {})",
                        bytes));
    }
    return {};
}

Result<void> set_priority(int nice_value) {
    if (::setpriority(PRIO_PROCESS, 0, nice_value) != 0)
        return system_error("Unable to set priority for this new process");
    return {};
}

void set_dumpable(bool dumpable) {
    ::prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0);
}

Result<UniqueFd> open_own_memory(int proc) {
    const int dumpable = ::prctl(PR_GET_DUMPABLE);
    (void)::prctl(PR_SET_DUMPABLE, 1);
    UniqueFd memory(::openat(proc, "self/mem", O_RDONLY | O_CLOEXEC));
    const int error = errno;
    // Only 0 and 1 can be set: 2, the kernel's own "for root alone", becomes 0.
    (void)::prctl(PR_SET_DUMPABLE, dumpable == 1 ? 1 : 0);
    if (!memory) return system_error("failed to open the process's own memory", error);
    return memory;
}

std::string own_program_path() {
    char path[PATH_MAX];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : std::string();
}

}  // namespace phalanx::os

#include "harness/child_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ostream>
#include <stdexcept>

#include "harness/process.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::harness {
namespace {

constexpr int kCannotStart = 126;
constexpr int kFirstPassed = 3;
/// Where the child, once it has a number, writes that.
constexpr std::string_view kOwnNumber = "LISTEN_PID=0000000000";
/// How long a program may take to leave after its end signal when the test itself is done with it.
constexpr milliseconds kFarewell{5'000};
/// How long its own processes may then take to follow it before they are killed.
constexpr milliseconds kLastBreath{100};

std::vector<std::string> environment_of(const Command& command) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::string_view name = text.substr(0, text.find('='));
        bool replaced = false;
        for (const auto& added : command.environment) replaced = replaced || added.first == name;
        if (!replaced) all.emplace_back(text);
    }
    for (const auto& [name, value] : command.environment) all.push_back(name + "=" + value);
    if (command.passed.empty()) return all;
    all.push_back("LISTEN_FDS=" + std::to_string(command.passed.size()));
    all.emplace_back(kOwnNumber);
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

void open_as(int number, const char* path, int flags) {
    const int opened = ::open(path, flags, 0644);
    if (opened < 0 || ::dup2(opened, number) < 0) ::_exit(kCannotStart);
    if (opened != number) ::close(opened);
}

void pass_descriptors(const std::vector<int>& passed, char* own_number) {
    constexpr int kOutOfTheWay = 100;
    for (std::size_t i = 0; i < passed.size(); ++i) {
        const int number = static_cast<int>(i);
        if (::dup2(passed[i], kOutOfTheWay + number) < 0) ::_exit(kCannotStart);
    }
    for (std::size_t i = 0; i < passed.size(); ++i) {
        const int number = static_cast<int>(i);
        ::dup2(kOutOfTheWay + number, kFirstPassed + number);
        ::close(kOutOfTheWay + number);
    }
    char* digit = own_number + kOwnNumber.size() - 1;
    for (pid_t rest = ::getpid(); rest > 0; rest /= 10) *digit-- = static_cast<char>('0' + rest % 10);
}

/// After fork: only what is safe in the child of a process that may have threads.
[[noreturn]] void become(const Command& command, pid_t parent, char* const* arguments,
                         char* const* environment) {
    ::setsid();
    open_as(0, "/dev/null", O_RDONLY);
    open_as(1, command.output.empty() ? "/dev/null" : command.output.c_str(), O_WRONLY | O_CREAT | O_APPEND);
    if (command.errors_descriptor) {
        ::dup2(*command.errors_descriptor, STDERR_FILENO);
    } else {
        open_as(2, command.errors.empty() ? "/dev/null" : command.errors.c_str(),
                O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY);
    }
    if (command.run_as) {
        const auto [user, group] = *command.run_as;
        if (::setgroups(0, nullptr) != 0 || ::setgid(group) != 0 || ::setuid(user) != 0)
            ::_exit(kCannotStart);
    }
    if (!command.passed.empty()) {
        std::size_t last = 0;
        while (environment[last + 1] != nullptr) ++last;
        pass_descriptors(command.passed, environment[last]);
    }
    ::prctl(PR_SET_PDEATHSIG, command.end_signal);
    if (::getppid() != parent) ::_exit(kCannotStart);
    ::execve(arguments[0], arguments, environment);
    ::_exit(kCannotStart);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const ExitStatus& status) {
    if (status.signal != 0) return out << "ended by signal " << status.signal;
    return out << "exit code " << status.code;
}

ChildProcess::ChildProcess(const Command& command) : end_signal_(command.end_signal) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    std::vector<std::string> arguments = command.arguments;
    std::vector<std::string> environment = environment_of(command);
    const std::vector<char*> argument_list = pointers(arguments);
    const std::vector<char*> environment_list = pointers(environment);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ == 0) become(command, parent, argument_list.data(), environment_list.data());
    handle_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

ChildProcess::~ChildProcess() {
    if (running()) signal(end_signal_);
    wait(kFarewell);
    const auto session_is_gone = [this] { return session_members(pid_).empty(); };
    (void)eventually(ended_ ? kLastBreath : milliseconds(0), session_is_gone);
    const bool gone = eventually(kFarewell, [&] {
        for (const pid_t left : session_members(pid_)) signal_process(left, SIGKILL);
        return session_is_gone();
    });
    if (!ended_ && gone) wait(kFarewell);
    for (const ProcessStat& stat : all_processes()) {
        if (stat.session == pid_ && stat.parent == ::getpid()) ::waitpid(stat.pid, nullptr, WNOHANG);
    }
}

bool ChildProcess::signal(int number) const {
    return ::syscall(SYS_pidfd_send_signal, handle_.get(), number, nullptr, 0) == 0;
}

std::optional<ExitStatus> ChildProcess::wait(milliseconds deadline) {
    if (ended_ || !wait_for(handle_.get(), POLLIN, Clock::now() + deadline)) return ended_;
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0)
        throw std::runtime_error("lost a child");
    ended_ = info.si_code == CLD_EXITED ? ExitStatus{info.si_status, 0} : ExitStatus{-1, info.si_status};
    return ended_;
}

Outcome run(std::vector<std::string> arguments, milliseconds deadline,
            std::vector<std::pair<std::string, std::string>> environment) {
    const TempDir files;
    Command command;
    command.arguments = std::move(arguments);
    command.environment = std::move(environment);
    command.output = files / "output";
    command.errors = files / "errors";
    ChildProcess child(command);
    const auto ended = child.wait(deadline);
    if (!ended) throw std::runtime_error(command.arguments[0] + " does not end");
    return {*ended, read_file(command.output), read_file(command.errors)};
}

}  // namespace phalanx::harness

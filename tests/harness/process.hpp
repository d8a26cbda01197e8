#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phalanx::harness {

/// One line of /proc/PID/stat, as far as tests need it. CPU times are microseconds (of the kernel's 10 ms
/// ticks).
struct ProcessStat {
    pid_t pid = 0;
    char state = '?';
    pid_t parent = 0;
    pid_t session = 0;
    std::chrono::microseconds own_cpu{};       ///< user and system time of the process
    std::chrono::microseconds children_cpu{};  ///< of its children that ended and were waited for
    [[nodiscard]] bool is_zombie() const { return state == 'Z' || state == 'X'; }
};

[[nodiscard]] std::optional<ProcessStat> process_stat(pid_t pid);
[[nodiscard]] std::vector<ProcessStat> all_processes();

/// Whether it exists and still runs code: a zombie that awaits its parent counts as gone.
[[nodiscard]] bool is_alive(pid_t pid);

/// Children, their children and so on; without the root and without zombies; in order of pid.
[[nodiscard]] std::vector<pid_t> descendants(pid_t root);
/// The live processes of a session.
[[nodiscard]] std::vector<pid_t> session_members(pid_t session);

/// The arguments with blanks between them, or what the process has put in their place as its title.
[[nodiscard]] std::string command_line(pid_t pid);
/// Whose rights the process has: the effective user id.
[[nodiscard]] std::optional<uid_t> effective_user(pid_t pid);

/// How many descriptors are open; nothing when the process is gone or not ours to look into.
[[nodiscard]] std::optional<std::size_t> open_descriptors(pid_t pid);
/// Every open descriptor and what it leads to, as the kernel names it: a path, "socket:[1234]",
/// "pipe:[1234]".
[[nodiscard]] std::map<int, std::string> descriptor_targets(pid_t pid);
[[nodiscard]] std::optional<std::uint64_t> resident_kib(pid_t pid);
/// The resident memory with shared pages divided among those that share them.
[[nodiscard]] std::optional<std::uint64_t> proportional_kib(pid_t pid);
/// The most that was ever resident, or since forget_peak().
[[nodiscard]] std::optional<std::uint64_t> peak_resident_kib(pid_t pid);
/// Lowers the peak to what is resident now; false when the process is not ours to do that to.
bool forget_peak(pid_t pid);
[[nodiscard]] std::uint64_t voluntary_switches(pid_t pid);

/// What a server and all its processes, also those that have ended, have used so far.
struct TreeUse {
    std::chrono::microseconds cpu{};
    std::uint64_t voluntary_switches = 0;  ///< of the processes that live
    std::size_t processes = 0;
};
[[nodiscard]] TreeUse tree_use(pid_t root);

/// Sends through a pidfd; false when the process is gone or not ours to signal.
bool signal_process(pid_t pid, int signal);

/// Sends SIGKILL and waits until the process runs no more: one that is only about to die can still take a
/// message or a connection along. False when it could not be killed.
bool kill_process(pid_t pid);

/// Sends SIGSTOP and waits until the process stands still: one that is only about to stop can still take a
/// message or a connection along. False when it could not be stopped.
bool stop_process(pid_t pid);

}  // namespace phalanx::harness

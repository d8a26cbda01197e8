#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// A program to start as a child of its own.
struct ProgramStart {
    std::string path;
    std::vector<std::string> arguments;    ///< argv, the name included
    std::vector<std::string> environment;  ///< "NAME=value"
    struct Placed {
        int fd;
        int number;
    };
    std::vector<Placed> descriptors;  ///< what it gets, 0..2 included; everything else is closed by exec
    std::uint64_t file_limit = 0;     ///< soft RLIMIT_NOFILE, 0: as the caller's
};

/// A child: its number for display and look-up, its pidfd for signals.
struct Child {
    pid_t pid = 0;
    UniqueFd pidfd;
};

/// fork(2) and execve(2). A program that cannot be executed is an error here, not a child that dies. It dies
/// with its parent, unless it changes its rights.
[[nodiscard]] base::Result<Child> start_program(const ProgramStart& start);

/// fork(2): a copy of this process that does `work`, which may wait, and ends with exit code 0; it dies with
/// its parent. Of its descriptors only 0 to 2 and `kept` stay open, so that what the parent closes meanwhile
/// is closed. For a process with one thread.
[[nodiscard]] base::Result<Child> start_copy(int kept, const std::function<void()>& work);

/// Every signal back to its default and none blocked: what a new role begins with.
void reset_signals();
/// The same for all but these.
void reset_signals_except(std::span<const int> kept);

/// Remembers where the kernel shows this process's command line. Call first in main().
void prepare_process_title(int argc, char** argv);
/// Replaces the command line shown by ps(1); cut to the room the kernel gives.
void set_process_title(std::string_view title);

/// The environment as "NAME=value" texts.
[[nodiscard]] std::vector<std::string> environment_list();

/// RLIMIT_NOFILE: how many descriptors a process may have open.
struct FileLimit {
    std::uint64_t soft = 0;  ///< 0: unknown
    std::uint64_t hard = 0;
};
[[nodiscard]] FileLimit file_limit();
[[nodiscard]] base::Result<void> set_file_limit(FileLimit limit);
/// rlimit_files: soft and hard RLIMIT_NOFILE.
[[nodiscard]] base::Result<void> limit_files(std::uint64_t files);
/// Lets processes made from here on have that many files: raises the hard limit where it is lower, and never
/// lowers any of this process's own.
[[nodiscard]] base::Result<void> allow_files(std::uint64_t files);
/// rlimit_core: soft and hard RLIMIT_CORE in bytes; negative: unlimited.
[[nodiscard]] base::Result<void> limit_core(std::int64_t bytes);
/// process.priority: a nice value, -19 to 20.
[[nodiscard]] base::Result<void> set_priority(int nice_value);
/// Whether the process may leave core dumps and be looked into (PR_SET_DUMPABLE).
void set_dumpable(bool dumpable);

/// /proc/self/mem, read-only; `proc` is the folder /proc. For the moment of opening it the process is
/// dumpable, lest the file be root's.
[[nodiscard]] base::Result<UniqueFd> open_own_memory(int proc);

/// The full path of the program that runs (from /proc/self/exe).
[[nodiscard]] std::string own_program_path();

}  // namespace phalanx::os

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/process.hpp"

namespace phalanx::os {

// What it takes to replace the program that a process runs, while a copy of the process goes on with the
// former one.

/// fork(2): both go on from here. The copy dies with its parent. For a process with one thread.
struct Fork {
    bool is_copy = false;
    Child copy;  ///< for the original
};
[[nodiscard]] base::Result<Fork> fork_process();

/// A program that takes this one's place in this process: same number, same children.
struct Execution {
    std::string path;
    std::vector<std::string> arguments;    ///< argv, the name included
    std::vector<std::string> environment;  ///< "NAME=value"
    std::vector<int> descriptors;          ///< it gets these, at the same numbers
    std::uint64_t file_limit = 0;          ///< soft RLIMIT_NOFILE, 0: as it is
    int nice_value = 0;
};
/// execve(2): comes back only if that fails, with everything as it was.
[[nodiscard]] base::Error execute(const Execution& execution);

/// Takes a descriptor that this program was executed with, of which an environment variable of that name
/// says "FD:REST"; the variable is removed. Nothing where there is none, or none of that kind.
struct PassedDescriptor {
    UniqueFd fd;
    std::string rest;
};
enum class PassedKind : std::uint8_t { socket, memory };
[[nodiscard]] std::optional<PassedDescriptor> take_passed_descriptor(const std::string& variable,
                                                                     PassedKind kind);

/// A process that is nobody's child here but the parent's: whether that is its parent.
[[nodiscard]] bool is_child_of(const UniqueFd& pidfd, pid_t pid, pid_t parent);
/// How a process ended that somebody else has yet to reap; nothing if it has not, or is gone.
[[nodiscard]] std::optional<ChildEnd> end_of_zombie(pid_t pid);

}  // namespace phalanx::os

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/eventually.hpp"
#include "harness/socket.hpp"

namespace phalanx::harness {

struct ExitStatus {
    int code = -1;   ///< of exit(); -1 when a signal ended it
    int signal = 0;  ///< that ended it; 0 when it exited
    bool operator==(const ExitStatus&) const = default;
};

std::ostream& operator<<(std::ostream& out, const ExitStatus& status);

/// What to start. Standard input is /dev/null; output goes to files, so that no pipe can fill up.
struct Command {
    std::vector<std::string> arguments;                            ///< the first is the program's path
    std::vector<std::pair<std::string, std::string>> environment;  ///< added to the test's own
    std::filesystem::path output;
    std::filesystem::path errors;
    std::optional<int> errors_descriptor;           ///< of the test's: standard error instead of a file
    std::optional<std::pair<uid_t, gid_t>> run_as;  ///< without supplementary groups; needs root
    /// Descriptors of the test's that it gets from 3 on, with LISTEN_FDS and LISTEN_PID in its environment.
    std::vector<int> passed;
    int end_signal = 15;  ///< sent to the process, by the kernel too, when the test goes away first
};

/// A program the test started, in a session of its own. It is the only one that ever waits for it. The test
/// process is a child subreaper from then on: what the program leaves behind becomes the test's child and
/// cannot hide. Throws std::runtime_error when it cannot be started.
class ChildProcess {
  public:
    explicit ChildProcess(const Command& command);
    /// Ends it: first its end signal, then SIGKILL for it and everything else in its session.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    bool signal(int number) const;
    /// How it ended; nothing when it still runs after the time.
    std::optional<ExitStatus> wait(milliseconds deadline = kPatience);
    [[nodiscard]] bool running() { return !wait(milliseconds(0)).has_value(); }

  private:
    pid_t pid_ = -1;
    int end_signal_;
    Descriptor handle_;
    std::optional<ExitStatus> ended_;
};

struct Outcome {
    ExitStatus status;
    std::string output;
    std::string errors;
};

/// Runs a program to its end; throws std::runtime_error when it does not end in time.
[[nodiscard]] Outcome run(std::vector<std::string> arguments, milliseconds deadline = kPatience,
                          std::vector<std::pair<std::string, std::string>> environment = {});

}  // namespace phalanx::harness

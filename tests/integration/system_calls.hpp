#pragma once

#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>

#include "harness/child_process.hpp"
#include "harness/process.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::harness {

/// How often each system call was made, by its name.
using SystemCallCounts = std::map<std::string, double>;

/// Counts a process's system calls by strace, which slows it down: what is counted must not depend on time.
class SystemCallCounter {
  public:
    static constexpr const char* kStrace = "/usr/bin/strace";
    static bool installed() { return ::access(kStrace, X_OK) == 0; }

    SystemCallCounter(pid_t pid, const TempDir& files)
        : table_(files / ("calls." + std::to_string(pid))), pid_(pid) {
        Command command;
        command.arguments = {kStrace, "-c", "-o", table_.string(), "-p", std::to_string(pid)};
        command.output = command.errors = files / "strace.log";
        strace_ = std::make_unique<ChildProcess>(command);
    }
    /// False where tracing is not allowed.
    bool begin() {
        return eventually(kPatience, [&] { return is_traced() || !strace_->running(); }) &&
               strace_->running();
    }
    /// What it has counted.
    SystemCallCounts end() {
        strace_->signal(SIGINT);
        (void)strace_->wait();
        return counted();
    }

  private:
    [[nodiscard]] bool is_traced() const {
        const std::string status = read_file("/proc/" + std::to_string(pid_) + "/status");
        return status.find("TracerPid:") != status.npos && status.find("TracerPid:\t0\n") == status.npos;
    }
    [[nodiscard]] SystemCallCounts counted() const {
        SystemCallCounts calls;
        std::istringstream lines(read_file(table_));
        for (std::string line; std::getline(lines, line);) {
            std::istringstream fields(line);
            double share = 0;
            double seconds = 0;
            double usecs = 0;
            double count = 0;
            std::string rest;
            std::string name;
            if (!(fields >> share >> seconds >> usecs >> count)) continue;
            while (fields >> rest) name = rest;  // the column of errors may be empty
            if (name != "total") calls[name] += count;
        }
        return calls;
    }

    std::filesystem::path table_;
    pid_t pid_;
    std::unique_ptr<ChildProcess> strace_;
};

inline double sum_of(const SystemCallCounts& calls) {
    return std::accumulate(calls.begin(), calls.end(), 0.0,
                           [](double all, const auto& call) { return all + call.second; });
}

/// Of one that was never made, too.
inline double count_of_call(const SystemCallCounts& calls, const std::string& name) {
    const auto found = calls.find(name);
    return found == calls.end() ? 0 : found->second;
}

}  // namespace phalanx::harness

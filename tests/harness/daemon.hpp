#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/child_process.hpp"

namespace phalanx::harness {

/// Which of the two programs is driven: both know the same command line and configuration.
struct DaemonProgram {
    std::filesystem::path path;
    bool is_phalanx = true;
};

/// The program under test: the environment's PHALANX_BINARY, else the one of this build. A name that begins
/// with "php-fpm" is taken for the original.
[[nodiscard]] std::optional<DaemonProgram> driven_daemon();
/// The php-fpm 8.2 that the compat tests compare with, if it is installed.
[[nodiscard]] std::optional<DaemonProgram> installed_php_fpm();

/// A copy in a folder that every user can reach, which the build tree may not be. php-fpm is there already.
[[nodiscard]] DaemonProgram copied_to(const std::filesystem::path& folder, const DaemonProgram& program);

struct DaemonStart {
    DaemonProgram program;
    std::filesystem::path config;
    std::filesystem::path log;  ///< its standard error, where -O sends the log
    std::vector<std::string> arguments{"-n"};
    std::vector<std::pair<std::string, std::string>> environment;
    std::optional<std::pair<uid_t, gid_t>> run_as;
    std::vector<int> passed;                  ///< see Command
    std::vector<std::string> last_arguments;  ///< behind the configuration's
};

/// A FastCGI process manager in the foreground, and all processes it makes. Ended with all of them by the
/// destructor.
class Daemon {
  public:
    explicit Daemon(const DaemonStart& start);

    /// Whether it says that it is ready; false also when it ends instead.
    [[nodiscard]] bool wait_until_ready();

    [[nodiscard]] pid_t pid() const { return process_.pid(); }
    [[nodiscard]] const std::filesystem::path& log_file() const { return log_; }
    [[nodiscard]] std::string log() const;
    [[nodiscard]] bool wait_for_log(std::string_view text, milliseconds deadline = kPatience) const;
    bool signal(int number) const { return process_.signal(number); }
    std::optional<ExitStatus> wait(milliseconds deadline = kPatience) { return process_.wait(deadline); }
    [[nodiscard]] bool running() { return process_.running(); }

    /// Its live processes by their titles; a template is what Phalanx forks a pool's workers from.
    [[nodiscard]] std::vector<pid_t> workers(std::string_view pool = "www") const;
    [[nodiscard]] std::vector<pid_t> templates(std::string_view pool = "www") const;
    /// Everything alive that it started, directly or not, also after its own end; without itself.
    [[nodiscard]] std::vector<pid_t> others() const;

  private:
    [[nodiscard]] std::vector<pid_t> titled(const std::string& title) const;

    std::filesystem::path log_;
    ChildProcess process_;
};

}  // namespace phalanx::harness

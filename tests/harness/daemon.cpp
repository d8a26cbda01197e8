#include "harness/daemon.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "harness/process.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::harness {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReadyLine = "ready to handle connections";
constexpr const char* kPhpFpm = "/usr/sbin/php-fpm8.2";

Command command_of(const DaemonStart& start) {
    fs::remove(start.log);  // what an earlier daemon said there is no sign of this one
    Command command;
    command.arguments = {start.program.path.string()};
    command.arguments.insert(command.arguments.end(), start.arguments.begin(), start.arguments.end());
    for (const char* option : {"-F", "-O", "-y"}) command.arguments.emplace_back(option);
    command.arguments.push_back(start.config.string());
    command.arguments.insert(command.arguments.end(), start.last_arguments.begin(),
                             start.last_arguments.end());
    command.environment = start.environment;
    command.output = start.log;
    command.errors = start.log;
    command.run_as = start.run_as;
    command.passed = start.passed;
    command.end_signal = SIGTERM;
    return command;
}

}  // namespace

std::optional<DaemonProgram> driven_daemon() {
    fs::path path;
    if (const char* given = std::getenv("PHALANX_BINARY")) path = given;
#ifdef PHALANX_PROGRAM
    if (path.empty()) path = PHALANX_PROGRAM;
#endif
    if (path.empty() || ::access(path.c_str(), X_OK) != 0) return std::nullopt;
    return DaemonProgram{path, !path.filename().string().starts_with("php-fpm")};
}

std::optional<DaemonProgram> installed_php_fpm() {
    if (::access(kPhpFpm, X_OK) != 0) return std::nullopt;
    return DaemonProgram{kPhpFpm, false};
}

DaemonProgram copied_to(const fs::path& folder, const DaemonProgram& program) {
    if (!program.is_phalanx) return program;
    for (const fs::directory_entry& entry : fs::directory_iterator(program.path.parent_path())) {
        const bool wanted =
            entry.is_regular_file() && entry.path().filename().string().starts_with("phalanx");
        if (wanted) fs::copy_file(entry.path(), folder / entry.path().filename());
    }
    return {folder / program.path.filename(), true};
}

Daemon::Daemon(const DaemonStart& start) : log_(start.log), process_(command_of(start)) {}

bool Daemon::wait_until_ready() {
    const auto settled = [this] {
        return log().find(kReadyLine) != std::string::npos || !process_.running();
    };
    return eventually(kPatience, settled) && process_.running();
}

std::string Daemon::log() const {
    return read_file(log_);
}

bool Daemon::wait_for_log(std::string_view text, milliseconds deadline) const {
    return eventually(deadline, [&] { return log().find(text) != std::string::npos; });
}

std::vector<pid_t> Daemon::workers(std::string_view pool) const {
    return titled("php-fpm: pool " + std::string(pool));
}

std::vector<pid_t> Daemon::templates(std::string_view pool) const {
    return titled("php-fpm: template of " + std::string(pool));
}

std::vector<pid_t> Daemon::titled(const std::string& title) const {
    std::vector<pid_t> found = others();
    std::erase_if(found, [&](pid_t pid) { return command_line(pid) != title; });
    return found;
}

std::vector<pid_t> Daemon::others() const {
    std::vector<pid_t> found = session_members(pid());
    for (const pid_t pid : descendants(process_.pid())) {
        if (std::find(found.begin(), found.end(), pid) == found.end()) found.push_back(pid);
    }
    std::erase(found, pid());
    return found;
}

}  // namespace phalanx::harness

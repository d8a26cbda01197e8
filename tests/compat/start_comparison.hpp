#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "compat/command_comparison.hpp"

namespace phalanx::compat {

/// One start of both programs. "{own}" in values, in further sections and in arguments stands for a folder
/// that each run has for itself and everybody may write; its error_log is {own}/log, the socket {own}/s.
struct StartCase {
    std::string name;
    std::vector<std::pair<std::string, std::string>> pool = {};
    std::vector<std::pair<std::string, std::string>> global = {};
    std::string more = {};  ///< sections behind the pool
    std::vector<std::string> arguments = {"-F", "-O"};
    bool as_nobody = false;
    /// What else is compared, found out while it runs; handed the process and the own folder.
    std::function<std::string(pid_t, const std::string&)> look = {};
    std::vector<std::pair<std::string, std::string>> environment = {};
    bool on_terminal = false;  ///< standard error is one
};

/// Starts both in the foreground, ends them with TERM once they are ready, and reports what differs in exit
/// code, standard error, error_log, and the kinds and modes of the files in the own folder.
void compare_start(const StartCase& one);

/// Starts both as daemons (the arguments are to say so) and compares what the caller gets, the log, what
/// became of the daemon (session, folder, umask, descriptors 0 to 2, title, pid file), and how TERM ends it.
/// The pid file is {own}/pid.
void compare_daemon(const StartCase& one);

}  // namespace phalanx::compat

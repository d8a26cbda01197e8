#pragma once

#include <optional>
#include <string>
#include <vector>

namespace phalanx::app {

/// php-fpm's command line.
struct CommandLine {
    enum class Action { serve, help, usage_error, php_info, php_modules, php_version };

    Action action = Action::serve;
    std::string program;                   ///< argv[0]
    std::vector<std::string> arguments;    ///< argv, as it was given
    std::string ini_path;                  ///< -c
    bool ignore_ini = false;               ///< -n
    std::vector<std::string> ini_defines;  ///< -d
    bool extended_info = false;            ///< -e
    std::string config_file;               ///< -y
    std::string prefix;                    ///< -p
    std::string pid_file;                  ///< -g
    int tests = 0;                         ///< -t: 1, -tt: 2
    bool allow_root = false;               ///< -R
    bool force_stderr = false;             ///< -O
    std::optional<bool> daemonize;         ///< -D, -F: the last one given
};

/// Reads the arguments; -h, -m and -v count as soon as they are met.
[[nodiscard]] CommandLine read_command_line(int argc, char** argv);

/// php-fpm's usage text with the program's name in it.
[[nodiscard]] std::string usage(const std::string& program);

}  // namespace phalanx::app

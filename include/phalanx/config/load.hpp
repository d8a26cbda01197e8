#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/config/settings.hpp"

namespace phalanx::config {

/// A line for the error log.
struct Diagnostic {
    LogLevel level = LogLevel::error;
    std::string text;
};

/// What PHP says an expression is worth: a bare constant ("PHP_VERSION", "E_ALL") or "${name}" for the ini
/// value of that name (empty: there is none). An unknown constant is worth its own name.
using ExpressionEvaluator = std::function<base::Result<std::string>(std::string_view expression)>;

/// Looks into the user database. A lookup that is left empty makes the checks that need it pass.
struct IdentityLookup {
    struct User {
        uid_t uid = 0;
        gid_t gid = 0;  ///< primary group
    };
    std::function<std::optional<User>(const std::string& name)> user;
    std::function<std::optional<gid_t>(uid_t uid)> primary_group;
    std::function<std::optional<gid_t>(const std::string& name)> group;
};

/// What the configuration is read for.
enum class Purpose {
    test,   ///< php-fpm's -t: users and groups must exist, also listen.owner and listen.group
    start,  ///< the rules about root hold; without root, directives that need it are named in notices
};

struct LoadOptions {
    std::string file;                     ///< as named by the user: messages repeat it
    std::string prefix;                   ///< -p; empty: not given
    std::string pid_file;                 ///< -g; the directive "pid" outdoes it
    std::optional<bool> daemonize;        ///< -D, -F; outdoes the directive
    std::string default_prefix = "/usr";  ///< base of relative paths without -p
    std::string state_prefix = "/var";    ///< the same for "pid" and "error_log"
    Purpose purpose = Purpose::start;
    bool running_as_root = false;  ///< whether the effective user is root
    bool allow_root = false;       ///< -R
    std::function<std::optional<std::string>(const std::string& name)> environment;  ///< empty: getenv(3)
    ExpressionEvaluator evaluator;  ///< empty: E_* constants alone are known
    IdentityLookup identities;
    /// Called for error_log, slowlog (where a slow log is wanted) and access.log, when php-fpm opens them;
    /// never for "syslog". Empty: nothing is opened. See `create_log_file`.
    std::function<base::Result<void>(const std::string& path)> open_log;
    /// Says what is wrong with an access.format. Empty: formats are not checked.
    std::function<base::Result<void>(std::string_view format)> check_access_format;
};

/// The settings, or nothing when an error stands in the diagnostics. These come in the order in which php-fpm
/// would log them and do not hold its last line ("FPM initialization failed").
struct LoadResult {
    std::optional<Settings> settings;
    /// Where and from what level on to log, also after an error: there once error_log could be opened.
    std::optional<GlobalSettings> log;
    std::vector<Diagnostic> diagnostics;
    /// How many of these came before error_log was opened: the log does not hold them. Nothing: it never was.
    std::optional<std::size_t> before_error_log;
};

/// Reads the file and its includes, checks every value and completes the settings. Bounds: a file holds at
/// most 16 MiB, includes nest 5 deep, 100,000 files and 100,000 pools are read at most.
[[nodiscard]] LoadResult load(const LoadOptions& options);

/// An `open_log` that creates the file (mode 0600) as php-fpm does and closes it again.
[[nodiscard]] base::Result<void> create_log_file(const std::string& path);

}  // namespace phalanx::config

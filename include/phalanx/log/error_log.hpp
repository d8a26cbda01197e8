#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "phalanx/base/result.hpp"
#include "phalanx/log/level.hpp"

namespace phalanx::log {

class PoolLog;

/// The place in the program that a line comes from, taken by every call's default argument.
struct Where {
    const char* function;
    int line;

    // Builtins: clang 14, which checks the code, has no std::source_location with this library.
    [[nodiscard]] static constexpr Where current(const char* caller = __builtin_FUNCTION(),
                                                 int caller_line = __builtin_LINE()) {
        return {caller, caller_line};
    }
};

/// The daemon's error log in php-fpm's line format (directives error_log, log_level, syslog.*). It belongs to
/// the master and knows nothing of workers but the lines the master passes on.
///
/// A new log writes to standard error. Once a file or syslog is opened, lines of notice and above (or of the
/// level given to copy_from()) are copied to standard error until end_start_up().
///
/// No call waits: what a pipe, terminal, socket or syslog does not take at once is kept, up to max_backlog
/// bytes, and tried again at the next line or flush(); lines beyond are dropped, and a warning tells how many
/// once the log is read again. Control bytes are escaped in every line. Not for threads. The program ignores
/// SIGPIPE.
class ErrorLog {
  public:
    /// Bytes kept while a log cannot be written.
    static constexpr std::size_t max_backlog = 262'144;  // 256 KiB
    /// A longer text is cut here and ends in "...". php-fpm cuts at 2 KB.
    static constexpr std::size_t max_text = 131'072;  // 128 KiB

    /// `standard_error` is another descriptor only in tests.
    explicit ErrorLog(int standard_error = 2);
    ~ErrorLog();
    ErrorLog(ErrorLog&&) noexcept;
    ErrorLog& operator=(ErrorLog&&) noexcept;

    /// php-fpm's log_level: lines below it are not written. debug also adds microseconds, pid, function and
    /// source line to every line. notice until set.
    void set_level(Level level);
    [[nodiscard]] bool enabled(Level level) const;

    /// Appends to a file from now on (made with mode 0600). /proc/self/fd/N, /dev/stderr and the like name a
    /// descriptor, which may be a pipe or a socket. Error: "failed to open error_log (F)", nothing changes
    /// then.
    [[nodiscard]] base::Result<void> open_file(const std::string& path);
    /// Writes to a descriptor of the caller's, which stays his and must stay open. No copies go to standard
    /// error.
    void use_descriptor(int fd);
    /// `facility` is syslog(3)'s number without priority, e.g. 24 (LOG_DAEMON). Lines are "[LEVEL] TEXT",
    /// sent with the priority of their own level (php-fpm sends all with that of log_level).
    void use_syslog(std::string identity, int facility, std::string socket = "/dev/log");
    /// Of what is still to come at start-up, only lines of this level and above are copied.
    void copy_from(Level level);
    /// Start-up is complete: no more copies on standard error.
    void end_start_up();
    /// Whether what standard error was before is still wanted.
    enum class Former { kept, dropped };
    /// From now on standard error leads where the log goes, also after reopen(), as php-fpm has it; a log on
    /// standard error stays there, and with syslog it leads nowhere. A former standard error that is kept is
    /// what a path means that names it (/proc/self/fd/2) when the file is opened again.
    void take_standard_error(Former former);
    /// Calls it while standard error leads where it did before take_standard_error(), if that was kept.
    void with_former_standard_error(const std::function<void()>& action);
    /// Opens the file again (SIGUSR1). On error the log goes on as it is. Nothing to do for other targets.
    [[nodiscard]] base::Result<void> reopen();

    void log(Level level, std::string_view text, const Where& where = Where::current());
    void debug(std::string_view text, const Where& where = Where::current());
    void notice(std::string_view text, const Where& where = Where::current());
    void warning(std::string_view text, const Where& where = Where::current());
    void error(std::string_view text, const Where& where = Where::current());
    void alert(std::string_view text, const Where& where = Where::current());

    /// The same with "[pool NAME] " before the text. Holds a view of the name.
    [[nodiscard]] PoolLog pool(std::string_view name);

    /// A line without time and level, whatever the level set: undecorated worker output.
    void raw(std::string_view line);
    /// An empty line where notices go, copies included; none with syslog.
    void empty_line();

    /// Tries to write what is kept. True: nothing is left.
    bool flush();

    /// Bytes a line has before its text, as OutputSettings wants it.
    [[nodiscard]] std::size_t prefix_size(Level level) const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The error log, speaking about one pool. Short-lived: made by ErrorLog::pool() for a line or a function.
class PoolLog {
  public:
    PoolLog(ErrorLog& log, std::string_view pool) : log_(log), pool_(pool) {}

    void log(Level level, std::string_view text, const Where& where = Where::current());
    void debug(std::string_view text, const Where& where = Where::current()) {
        log(Level::debug, text, where);
    }
    void notice(std::string_view text, const Where& where = Where::current()) {
        log(Level::notice, text, where);
    }
    void warning(std::string_view text, const Where& where = Where::current()) {
        log(Level::warning, text, where);
    }
    void error(std::string_view text, const Where& where = Where::current()) {
        log(Level::error, text, where);
    }
    void alert(std::string_view text, const Where& where = Where::current()) {
        log(Level::alert, text, where);
    }

  private:
    ErrorLog& log_;
    std::string_view pool_;
};

}  // namespace phalanx::log

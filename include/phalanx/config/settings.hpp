#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "phalanx/base/ids.hpp"

namespace phalanx::config {

/// php-fpm's five levels of the error log ("log_level"), least severe first.
enum class LogLevel : std::uint8_t { debug, notice, warning, error, alert };

/// php-fpm's "pm".
enum class ProcessManager : std::uint8_t { static_size, dynamic, ondemand };

/// A limit that may be left as it was found, lifted altogether or set (php-fpm: "rlimit_core").
struct ResourceLimit {
    static constexpr std::int64_t unlimited = -1;
    std::int64_t value = 0;  ///< 0 leaves the limit as inherited, `unlimited` lifts it
    [[nodiscard]] bool is_set() const { return value != 0; }
};

/// A number of bytes; 0 mostly means "no limit" (see the directive).
struct ByteSize {
    std::int64_t bytes = 0;
};

/// Which pools a reload renews (ours: "reload.scope").
enum class ReloadScope : std::uint8_t { all, changed };

/// One `name[key] = value` line, in the order of the file.
struct NamedValue {
    std::string name;
    std::string value;
    std::string written{};  ///< the value before "$NAME" was looked up
};

/// One php_value, php_flag, php_admin_value or php_admin_flag line; flags arrive as "1" and "0".
struct PhpValue {
    enum class Kind : std::uint8_t { value, admin_value };
    Kind kind = Kind::value;
    std::string name;
    std::string value;
};

/// The directives a section sets, by php-fpm's name, each with its text as the file gives it (quotes and
/// "${NAME}" resolved, nothing else). Tells "not set" from "set to nothing".
using WrittenTexts = std::map<std::string, std::string, std::less<>>;

/// What the [global] section says. Members are called after their directive, dots being underscores;
/// every text is as it takes effect (paths absolute, "$pool" and "${NAME}" replaced).
struct GlobalSettings {
    std::string pid;        ///< empty: no pid file
    std::string error_log;  ///< absolute path, or "syslog"
    std::string syslog_ident = "php-fpm";
    int syslog_facility = 24;  ///< syslog(3)'s number; 24 is LOG_DAEMON
    bool log_buffering = true;
    std::optional<LogLevel> log_level;  ///< nothing: not set, which means notice
    std::int64_t log_limit = 1024;      ///< characters of a line of worker output, at least 512
    std::chrono::seconds emergency_restart_interval{0};
    std::int64_t emergency_restart_threshold = 0;
    std::chrono::seconds process_control_timeout{0};
    std::int64_t process_max = 0;  ///< workers of all pools together, 0: no limit
    std::optional<int> process_priority;
    bool daemonize = true;
    std::int64_t rlimit_files = 0;
    ResourceLimit rlimit_core;
    std::string events_mechanism;  ///< accepted for php-fpm's sake: Phalanx has epoll alone
    std::chrono::seconds systemd_interval{10};
    /// How often the service manager's watchdog is fed (half of WATCHDOG_USEC); 0: there is none. Outdoes
    /// systemd_interval.
    std::chrono::milliseconds watchdog_interval{0};
    ReloadScope reload_scope = ReloadScope::all;
    WrittenTexts written;
};

/// What one pool's section says; the same rules as for GlobalSettings.
struct PoolSettings {
    std::string name;
    std::string prefix;
    std::string user;   ///< name or number, empty: not set
    std::string group;  ///< name or number, empty: the user's
    std::string listen;
    std::int64_t listen_backlog = -1;  ///< -1: as many as the kernel allows
    std::string listen_acl_users;
    std::string listen_acl_groups;
    std::string listen_owner;
    std::string listen_group;
    std::string listen_mode;  ///< octal digits, empty: 0660
    std::string listen_allowed_clients;
    bool listen_allowed_clients_set = false;
    std::optional<int> process_priority;
    bool process_dumpable = false;
    ProcessManager pm = ProcessManager::static_size;
    std::int64_t pm_max_children = 0;
    std::int64_t pm_start_servers = 0;
    std::int64_t pm_min_spare_servers = 0;
    std::int64_t pm_max_spare_servers = 0;
    std::int64_t pm_max_spawn_rate = 32;
    std::chrono::seconds pm_process_idle_timeout{10};
    std::int64_t pm_max_requests = 0;
    std::string pm_status_path;
    std::string pm_status_listen;  ///< empty: none; the address of php-fpm's pool NAME_status
    std::string ping_path;
    std::string ping_response;  ///< "pong" once ping.path is set
    std::string access_log;
    std::string access_format;
    std::vector<std::string> access_suppress_path;
    std::string slowlog;
    std::chrono::seconds request_slowlog_timeout{0};
    std::int64_t request_slowlog_trace_depth = 20;
    std::chrono::seconds request_terminate_timeout{0};
    bool request_terminate_timeout_track_finished = false;
    std::int64_t rlimit_files = 0;
    ResourceLimit rlimit_core;
    std::string chroot;
    std::string chdir;
    bool catch_workers_output = false;
    bool decorate_workers_output = true;
    bool clear_env = true;
    std::vector<std::string> security_limit_extensions{".php", ".phar"};  ///< empty: every script may run
    std::string apparmor_hat;
    // Phalanx's own
    std::int64_t queue_max_length = 4096;             ///< requests in the line, at least 1
    std::chrono::seconds queue_timeout{0};            ///< how long one may wait there, 0: for ever
    std::int64_t queue_max_connections = 0;           ///< that the master holds, 0: its share of what is free
    ByteSize queue_max_buffer{64 << 20};              ///< of incomplete request heads in the master's memory
    std::chrono::seconds keepalive_timeout{0};        ///< idle between two requests, 0: for ever
    std::chrono::seconds request_header_timeout{10};  ///< these three at least 1 s
    std::chrono::seconds request_body_timeout{60};
    std::chrono::seconds response_write_timeout{60};
    ByteSize pm_max_memory;                              ///< resident bytes of a worker, 0: any
    std::chrono::seconds pm_max_lifetime{0};             ///< 0: for ever
    std::chrono::seconds pm_template_idle_timeout{300};  ///< ondemand; 0: stays
    std::string worker_program;                          ///< absolute path, empty: the one that came along
    std::vector<NamedValue> env;                         ///< "$NAME" values already looked up
    std::vector<PhpValue> php_values;  ///< file order; the first of a name takes effect, as in php-fpm
    WrittenTexts written;              ///< the name[key] directives are not in it
};

/// A whole configuration: [global] and the pools in order of first appearance (at least one).
struct Settings {
    std::string file;  ///< the configuration file as it was named by the user
    GlobalSettings global;
    std::vector<PoolSettings> pools;
};

}  // namespace phalanx::config

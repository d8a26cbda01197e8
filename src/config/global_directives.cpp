#include "directives.hpp"

namespace phalanx::config {
namespace {

using G = GlobalSettings;

const GlobalDirective rows[] = {
    {"pid", &G::pid, "none", "File that receives the master's process number. Relative to -p or /var."},
    {"error_log", &G::error_log, "log/php-fpm.log",
     "The error log: a file (relative to -p or /var) or `syslog`."},
    {"syslog.ident", &G::syslog_ident, "php-fpm", "Name in front of every line sent to syslog."},
    {"syslog.facility", &G::syslog_facility, "daemon", "Facility of the lines sent to syslog."},
    {"log_buffering", &G::log_buffering, "yes",
     "Taken for php-fpm's sake: a line of worker output is always logged as a whole."},
    {"log_level", &G::log_level, "notice", "Least severe level that is logged."},
    {"log_limit", &G::log_limit, "1024",
     "Characters after which a line of worker output is broken; at least 512."},
    {"emergency_restart_interval", &G::emergency_restart_interval, "0",
     "Time within which the crashes for an emergency restart are counted."},
    {"emergency_restart_threshold", &G::emergency_restart_threshold, "0",
     "Crashed workers within the interval that lead to a restart; 0 switches this off."},
    {"process_control_timeout", &G::process_control_timeout, "0",
     "How long workers may go on when the master stops or reloads."},
    {"process.max", &G::process_max, "0", "Most workers of all pools together; 0 is no limit."},
    {"process.priority", &G::process_priority, "inherited",
     "Nice value of the master and, unless a pool says otherwise, the workers: -19 to 20. Needs root."},
    {"daemonize", &G::daemonize, "yes", "Go to the background. -D and -F outdo it."},
    {"rlimit_files", &G::rlimit_files, "0",
     "Limit on open files of workers whose pool has none of its own; 0 leaves it."},
    {"rlimit_core", &G::rlimit_core, "0", "Limit on the size of core files of the master; 0 leaves it."},
    {"events.mechanism", &G::events_mechanism, "epoll",
     "Taken for php-fpm's sake (`epoll`, `poll`, `select`); Phalanx always uses epoll. A pool with `pm = "
     "ondemand` needs `epoll` here."},
    {"systemd_interval", &G::systemd_interval, "10",
     "How often the service manager is told the state; 0 switches this off."},
    {"reload.scope", &G::reload_scope, "all",
     "What a reload renews: `all` pools, or only those whose settings, worker program, ini files or "
     "libraries (libphp, extensions) have `changed`.",
     Shown::when_set},
};

}  // namespace

std::span<const GlobalDirective> global_directives() {
    return rows;
}

}  // namespace phalanx::config

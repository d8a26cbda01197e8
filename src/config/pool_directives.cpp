#include "directives.hpp"

namespace phalanx::config {
namespace {

using P = PoolSettings;
using Kind = PhpValue::Kind;

const PoolDirective rows[] = {
    {"prefix", &P::prefix, "none", "Base of the pool's relative paths; itself relative to -p or /usr."},
    {"user", &P::user, "none", "User of the workers, name or number. Required when started as root."},
    {"group", &P::group, "the user's", "Group of the workers, name or number."},
    {"listen", &P::listen, "required",
     "Address: `port`, `host:port`, `[ipv6]:port` or the path of a Unix socket."},
    {"listen.backlog", &P::listen_backlog, "-1",
     "Length of the kernel's queue of connections; -1 is as long as it allows."},
    {"listen.acl_users", &P::listen_acl_users, "none",
     "Users that may connect to the Unix socket, divided by commas; owner and group then do not count."},
    {"listen.acl_groups", &P::listen_acl_groups, "none", "The same for groups."},
    {"listen.owner", &P::listen_owner, "none", "Owner of the Unix socket, name or number."},
    {"listen.group", &P::listen_group, "none", "Group of the Unix socket, name or number."},
    {"listen.mode", &P::listen_mode, "0660", "Permissions of the Unix socket, octal."},
    {"listen.allowed_clients", &P::listen_allowed_clients, "any",
     "IP addresses that may connect over TCP, divided by commas."},
    {"process.priority", &P::process_priority, "inherited",
     "Nice value of the workers: -19 to 20. Needs root."},
    {"process.dumpable", &P::process_dumpable, "no",
     "Let workers be traced and dump core though they changed user."},
    {"pm", &P::pm, "required", "How the number of workers is kept: `static`, `dynamic` or `ondemand`."},
    {"pm.max_children", &P::pm_max_children, "required",
     "Most workers of the pool (static: exactly so many)."},
    {"pm.start_servers", &P::pm_start_servers, "between min and max spare", "dynamic: workers at the start."},
    {"pm.min_spare_servers", &P::pm_min_spare_servers, "required for dynamic",
     "dynamic: fewest idle workers."},
    {"pm.max_spare_servers", &P::pm_max_spare_servers, "required for dynamic", "dynamic: most idle workers."},
    {"pm.max_spawn_rate", &P::pm_max_spawn_rate, "32", "dynamic: most workers started at once."},
    {"pm.process_idle_timeout", &P::pm_process_idle_timeout, "10", "ondemand: how long a worker may be idle.",
     Shown::bare},
    {"pm.max_requests", &P::pm_max_requests, "0", "Requests after which a worker is replaced; 0 is never."},
    {"pm.status_path", &P::pm_status_path, "none", "Path under which the status page is served."},
    {"pm.status_listen", &P::pm_status_listen, "none",
     "A second address that serves status (and ping) though all workers are busy.", Shown::written},
    {"ping.path", &P::ping_path, "none", "Path under which the ping page is served."},
    {"ping.response", &P::ping_response, "pong", "What the ping page says."},
    {"access.log", &P::access_log, "none", "File of the access log."},
    {"access.format", &P::access_format, "%R - %u %t \"%m %r\" %s", "Form of its lines."},
    {"access.suppress_path", &P::access_suppress_path, "none",
     "Paths whose successful GET and HEAD requests are not logged; written `access.suppress_path[] = "
     "/path`."},
    {"slowlog", &P::slowlog, "none", "File of the slow log."},
    {"request_slowlog_timeout", &P::request_slowlog_timeout, "0",
     "A request that runs longer is traced into the slow log; 0 is never."},
    {"request_slowlog_trace_depth", &P::request_slowlog_trace_depth, "20", "Most frames of a trace."},
    {"request_terminate_timeout", &P::request_terminate_timeout, "0",
     "A request that runs longer is ended; 0 is never."},
    {"request_terminate_timeout_track_finished", &P::request_terminate_timeout_track_finished, "no",
     "Count the time after fastcgi_finish_request() too."},
    {"rlimit_files", &P::rlimit_files, "0", "Limit on open files of a worker; 0 leaves it."},
    {"rlimit_core", &P::rlimit_core, "0", "Limit on the size of core files of a worker; 0 leaves it."},
    {"chroot", &P::chroot, "none", "New root directory of the workers; may begin with `$prefix`."},
    {"chdir", &P::chdir, "/ with chroot, else unchanged", "Directory the workers start in."},
    {"catch_workers_output", &P::catch_workers_output, "no",
     "Send what workers write to stdout and stderr to the error log."},
    {"decorate_workers_output", &P::decorate_workers_output, "yes",
     "Put pool and worker in front of such lines."},
    {"clear_env", &P::clear_env, "yes", "Start workers with an empty environment."},
    {"security.limit_extensions", &P::security_limit_extensions, ".php .phar",
     "File extensions that may be run, divided by blanks; empty allows every one.", Shown::written},
    {"apparmor_hat", &P::apparmor_hat, "none", "AppArmor hat the workers change to.", Shown::never},
    {"env", &P::env, "none",
     "`env[NAME] = value`: an environment variable of the workers; `$OTHER` copies one of the master's."},
    {"php_value", PhpValueHome{Kind::value, false}, "none",
     "`php_value[name] = value`: a php.ini value; scripts may change it."},
    {"php_flag", PhpValueHome{Kind::value, true}, "none", "The same for a boolean."},
    {"php_admin_value", PhpValueHome{Kind::admin_value, false}, "none",
     "`php_admin_value[name] = value`: a php.ini value that scripts cannot change."},
    {"php_admin_flag", PhpValueHome{Kind::admin_value, true}, "none", "The same for a boolean."},
};

}  // namespace

std::span<const PoolDirective> pool_directives() {
    return rows;
}

}  // namespace phalanx::config

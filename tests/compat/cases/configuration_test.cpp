#include "compat/command_comparison.hpp"

namespace phalanx::compat {
namespace {

void compare_all(const std::vector<ConfigCase>& cases, const std::string& option = "-t") {
    SKIP_UNLESS_BOTH();
    for (const ConfigCase& one : cases) compare_config(one, option);
}

TEST(Configuration, MistakesInPools) {
    compare_all({
        {"unknown entry", {{"pm.max_childrn", "3"}}},
        {"unknown array", {{"phpvalue[x]", "3"}}},
        {"array without a key", {{"php_value[]", "3"}}},
        {"not a number", {{"pm.max_children", "many"}}},
        {"zero children", {{"pm.max_children", "0"}}},
        {"no children", {{"pm.max_children", "{none}"}}},
        {"no manager", {{"pm", "{none}"}}},
        {"odd manager", {{"pm", "lazy"}}},
        {"no listen", {{"listen", "{none}"}}},
        {"odd boolean", {{"catch_workers_output", "2"}}},
        {"odd time", {{"request_terminate_timeout", "5x"}}},
        {"empty time", {{"request_terminate_timeout", ""}}},
        {"odd core limit", {{"rlimit_core", "lots"}}},
        {"a global entry", {{"daemonize", "no"}}},
        {"no user", {{"user", "{none}"}}},
        {"unknown user", {{"user", "no-such-user"}}},
        {"unknown group", {{"group", "no-such-group"}}},
        {"unknown listen owner", {{"listen.owner", "no-such-user"}}},
        {"priority", {{"process.priority", "30"}}},
        {"dynamic without spares", {{"pm", "dynamic"}}},
        {"dynamic, min only", {{"pm", "dynamic"}, {"pm.min_spare_servers", "1"}}},
        {"dynamic, too many spares",
         {{"pm", "dynamic"}, {"pm.min_spare_servers", "1"}, {"pm.max_spare_servers", "9"}}},
        {"dynamic, crossed",
         {{"pm", "dynamic"}, {"pm.min_spare_servers", "2"}, {"pm.max_spare_servers", "1"}}},
        {"dynamic, start",
         {{"pm", "dynamic"},
          {"pm.min_spare_servers", "1"},
          {"pm.max_spare_servers", "2"},
          {"pm.start_servers", "3"}}},
        {"dynamic, start not set",
         {{"pm", "dynamic"}, {"pm.min_spare_servers", "1"}, {"pm.max_spare_servers", "2"}}},
        {"ondemand, no idle time", {{"pm", "ondemand"}, {"pm.process_idle_timeout", "0"}}},
        {"status path", {{"pm.status_path", "status"}}},
        {"short status path", {{"pm.status_path", "/"}}},
        {"odd status path", {{"pm.status_path", "/sta tus"}}},
        {"ping path", {{"ping.path", "ping"}}},
        {"empty ping response", {{"ping.path", "/ping"}, {"ping.response", ""}}},
        {"slow log missing", {{"request_slowlog_timeout", "3"}}},
        {"slow longer than terminate",
         {{"request_slowlog_timeout", "3"}, {"slowlog", "/dev/null"}, {"request_terminate_timeout", "2"}}},
        {"trace depth", {{"slowlog", "/dev/null"}, {"request_slowlog_trace_depth", "-1"}}},
        {"chroot", {{"chroot", "/nonexistent"}}},
        {"relative chdir", {{"chdir", "nonexistent"}}},
        {"chdir", {{"chdir", "/nonexistent"}}},
        {"prefix", {{"prefix", "/nonexistent"}}},
        {"access log", {{"access.log", "/nonexistent/access.log"}}},
        {"access format", {{"access.log", "/dev/null"}, {"access.format", "%Z"}}},
        {"access format brace", {{"access.log", "/dev/null"}, {"access.format", "\"%{x\""}}},
        {"access format cpu", {{"access.log", "/dev/null"}, {"access.format", "\"%{x}C\""}}},
        {"access format user", {{"access.log", "/dev/null"}, {"access.format", "\"%{x}u\""}}},
        {"suppress path", {{"access.suppress_path[]", "x"}}},
        {"empty environment", {{"env[X]", ""}}},
        {"odd environment flag", {{"php_flag[x]", "maybe"}}},
    });
}

TEST(Configuration, MistakesElsewhere) {
    compare_all({
        {"log level", {}, {{"log_level", "loud"}}},
        {"log limit", {}, {{"log_limit", "100"}}},
        {"events", {}, {{"events.mechanism", "magic"}}},
        {"priority", {}, {{"process.priority", "-25"}}},
        {"process max", {}, {{"process.max", "-1"}}},
        {"facility", {}, {{"syslog.facility", "NOWHERE"}}},
        {"pool variable", {}, {{"pid", "/run/$pool.pid"}}},
        {"array", {}, {{"env[X]", "1"}}},
        {"a pool entry", {}, {{"pm", "static"}}},
        {"error log", {}, {{"error_log", "/nonexistent/error.log"}}},
        {"include of nothing", {}, {{"include", "/nonexistent/*.conf"}}},
        {"include of a missing file", {}, {{"include", "/nonexistent/x.conf"}}},
        {"no pool", {}, {}, "[global]\nerror_log = /dev/null\n"},
        {"syntax", {}, {}, "[global]\na=b=c\n"},
        {"no equals sign", {}, {}, "[global]\nerror_log\n"},
        {"hash comment", {}, {}, "# comment\n[www]\npm=static\n"},
        {"two pools, one socket",
         {},
         {},
         "[global]\nerror_log=/dev/null\n[a]\nuser=www-data\nlisten=/nonexistent/"
         "s\npm=static\npm.max_children=1\n"
         "[b]\nuser=www-data\nlisten=/nonexistent/s\npm=static\npm.max_children=1\n"},
    });
}

TEST(Configuration, Dumps) {
    compare_all(
        {
            {"plain"},
            {"dynamic", {{"pm", "Dynamic"}, {"pm.min_spare_servers", "1"}, {"pm.max_spare_servers", "2"}}},
            {"ondemand", {{"pm", "ondemand"}, {"pm.process_idle_timeout", "2m"}, {"pm.max_requests", "500"}}},
            {"php values",
             {{"php_value[memory_limit]", "64M"},
              {"php_flag[log_errors]", "on"},
              {"php_admin_flag[display_errors]", "off"},
              {"php_admin_value[error_log]", "log/php.log"},
              {"php_value[error_reporting]", "E_ALL & ~E_NOTICE"}}},
            {"environment",
             {{"env[A]", "$PATH_NOT_SET"}, {"env[B]", "\"x y\""}, {"env[C]", "'a\\b'"}, {"env[D]", "on"}}},
            {"paths",
             {{"prefix", "/var"},
              {"listen", "run/x.sock"},
              {"chdir", "/tmp"},
              {"slowlog", "/dev/null"},
              {"access.log", "/dev/null"}}},
            {"everything of the socket",
             {{"listen", "127.0.0.1:9000"},
              {"listen.backlog", "100"},
              {"listen.owner", "www-data"},
              {"listen.group", "www-data"},
              {"listen.mode", "0600"},
              {"listen.allowed_clients", "127.0.0.1,::1"}}},
            {"requests",
             {{"request_terminate_timeout", "1h"},
              {"request_slowlog_timeout", "5s"},
              {"slowlog", "/dev/null"},
              {"pm.status_path", "/status"},
              {"ping.path", "/ping"},
              {"ping.response", "pong!"},
              {"security.limit_extensions", ".php .inc"},
              {"process.priority", "-5"},
              {"rlimit_files", "1024"},
              {"rlimit_core", "unlimited"}}},
            {"pool name", {{"listen", "/run/$pool.sock"}, {"env[P]", "$pool-$pool"}}},
            {"suppressed paths", {{"access.log", "/dev/null"}, {"access.suppress_path[]", "/a"}}},
            {"global",
             {},
             {{"log_level", "notice"},
              {"log_limit", "2048"},
              {"log_buffering", "no"},
              {"syslog.ident", "me"},
              {"syslog.facility", "local3"},
              {"emergency_restart_threshold", "10"},
              {"emergency_restart_interval", "1m"},
              {"process_control_timeout", "10s"},
              {"process.max", "128"},
              {"process.priority", "-19"},
              {"daemonize", "no"},
              {"rlimit_files", "1024"},
              {"rlimit_core", "0"},
              {"events.mechanism", "epoll"},
              {"systemd_interval", "5"}}},
            {"two pools",
             {},
             {},
             "; "
             "comment\n[global]\nerror_log=/dev/"
             "null\n\n[b]\nuser=www-data\nlisten=9001\npm=static\npm.max_children=1\n"
             "[A b]\nuser = 33\ngroup = 33\nlisten = /run/ab\npm=ondemand\npm.max_children = 7 ; "
             "seven\n[B]\nPM.Max_Children=3\n"},
        },
        "-tt");
}

}  // namespace
}  // namespace phalanx::compat

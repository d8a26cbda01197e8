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
        {"of another system", {{"listen.setfib", "1"}}},
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
        {"core limit beyond all bounds", {{"rlimit_core", "99999999999999999999"}}},
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
    });
}

TEST(Configuration, MistakesInPathsAndLogs) {
    compare_all({
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

TEST(Configuration, DebiansFiles) {
    compare_commands({}, {{"-tt", "-y", "/etc/php/8.2/fpm/php-fpm.conf"}});
}

/// The files that the image of PHP puts behind the distribution's; what they say of error_log would show
/// every line of a dump twice.
TEST(Configuration, DockersFiles) {
    const std::string www =
        "[www]\nuser = www-data\ngroup = www-data\nlisten = 127.0.0.1:9000\npm = dynamic\n"
        "pm.max_children = 5\npm.start_servers = 2\npm.min_spare_servers = 1\npm.max_spare_servers = 3\n";
    compare_commands({{{"fpm.conf", "include=\"fpm.d/*.conf\"\n"},
                       {"fpm.d/www.conf", www},
                       {"fpm.d/docker.conf",
                        "[global]\nerror_log = /proc/self/fd/2\n\nlog_limit = 8192\n\n[www]\n"
                        "access.log = /proc/self/fd/2\n\nclear_env = no\n\ncatch_workers_output = yes\n"
                        "decorate_workers_output = no\n"},
                       {"fpm.d/zz-docker.conf", "[global]\ndaemonize = no\n\n[www]\nlisten = 9000\n"},
                       {"fpm.d/zzz.conf", "[global]\nerror_log = /dev/null\n"}}},
                     {{"-n", "-tt", "-p", "{files}", "-y", "fpm.conf"}});
}

TEST(Configuration, TwoThousandPools) {
    std::string text = "[global]\nerror_log = /dev/null\n";
    for (int i = 0; i < 2'000; ++i) {
        const std::string name = "pool" + std::to_string(i);
        text += "[" + name + "]\nuser = www-data\ngroup = www-data\nlisten = /nonexistent/" + name +
                ".sock\nlisten.owner = www-data\npm = dynamic\npm.max_children = 5\npm.start_servers = 2\n"
                "pm.min_spare_servers = 1\npm.max_spare_servers = 3\nphp_admin_value[error_log] = log/$pool\n"
                "php_value[error_reporting] = E_ALL & ~E_NOTICE\nenv[LIMIT] = ${memory_limit}\n";
    }
    const auto begin = harness::Clock::now();
    compare_commands({{{"fpm.conf", text}}}, {{"-n", "-t", "-y", "fpm.conf"}});
    EXPECT_LT(harness::Clock::now() - begin, harness::milliseconds(10'000)) << "for both programs";
}

TEST(Configuration, LongLines) {
    const std::string pool =
        "[global]\nerror_log = /dev/null\n[www]\nuser = www-data\nlisten = 9000\npm = static\n"
        "pm.max_children = 1\n";
    const std::string megabyte(1'000'000, 'x');
    compare_commands({{{"value.conf", pool + "env[A] = " + megabyte + "\n"},
                       {"quoted.conf", pool + "env[A] = \"" + megabyte + "\"\n"},
                       {"comment.conf", pool + ";" + megabyte + "\nchdir = /tmp\n"},
                       {"end.conf", pool + "chdir = /tmp"},
                       {"crlf.conf",
                        "\xEF\xBB\xBF[www]\r\nuser=www-data\r\nlisten=9\r\npm=static\r\n"
                        "pm.max_children=1\r\n[global]\r\nerror_log=/dev/null\r\n"},
                       {"zero.conf", pool + "env[A] = a" + std::string(1, '\0') + "b\nchdir = /tmp\n"}}},
                     {{"-n", "-t", "-y", "value.conf"},
                      {"-n", "-t", "-y", "quoted.conf"},
                      {"-n", "-tt", "-y", "comment.conf"},
                      {"-n", "-tt", "-y", "end.conf"},
                      {"-n", "-tt", "-y", "crlf.conf"},
                      {"-n", "-tt", "-y", "zero.conf"}});
}

TEST(Configuration, Dumps) {
    compare_all(
        {
            {"plain"},
            {"dynamic", {{"pm", "Dynamic"}, {"pm.min_spare_servers", "1"}, {"pm.max_spare_servers", "2"}}},
            {"ondemand", {{"pm", "ondemand"}, {"pm.process_idle_timeout", "2m"}, {"pm.max_requests", "500"}}},
            {"ondemand, with another manager's numbers",
             {{"pm", "ondemand"},
              {"pm.start_servers", "2"},
              {"pm.min_spare_servers", "1"},
              {"pm.max_spare_servers", "3"}}},
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

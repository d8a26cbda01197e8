#include <unistd.h>

#include <fstream>

#include "compat/start_comparison.hpp"
#include "harness/process.hpp"

namespace phalanx::compat {
namespace {

/// Starts are compared as root: what an ordinary user may do depends on the machine.
void compare_starts(const std::vector<StartCase>& cases) {
    SKIP_UNLESS_ROOT("users are changed");
    for (const StartCase& one : cases) compare_start(one);
}

TEST(Start, Targets) {
    compare_starts(
        {{"standard error"},
         {.name = "the log", .arguments = {"-F"}},
         {.name = "descriptor 2", .global = {{"error_log", "/proc/self/fd/2"}}, .arguments = {"-F"}},
         {.name = "a terminal", .arguments = {"-F"}, .on_terminal = true},
         {.name = "a terminal for a test", .arguments = {"-F", "-t"}, .on_terminal = true},
         {.name = "daemonize = no", .global = {{"daemonize", "no"}}, .arguments = {"-O"}}});
}

/// How many workers there are once there are so many, as the processes' titles say.
auto workers(std::size_t expected) {
    return [expected](pid_t master, const std::string&) {
        const auto count = [&] {
            std::vector<pid_t> all = harness::descendants(master);
            std::erase_if(all, [](pid_t pid) { return harness::command_line(pid) != "php-fpm: pool www"; });
            return all.size();
        };
        (void)harness::eventually(harness::kPatience, [&] { return count() >= expected; });
        return "workers: " + std::to_string(count()) + "\n";
    };
}

TEST(Start, Managers) {
    compare_starts(
        {{.name = "ondemand", .pool = {{"pm", "ondemand"}, {"listen.backlog", "-5"}}, .look = workers(0)},
         {.name = "dynamic",
          .pool = {{"pm", "dynamic"}, {"pm.min_spare_servers", "1"}, {"pm.max_spare_servers", "1"}},
          .look = workers(1)},
         {.name = "dynamic with a start",
          .pool = {{"pm", "dynamic"},
                   {"pm.max_children", "4"},
                   {"pm.min_spare_servers", "1"},
                   {"pm.max_spare_servers", "3"},
                   {"pm.start_servers", "3"}},
          .look = workers(3)},
         {.name = "static", .pool = {{"pm.max_children", "3"}}, .look = workers(3)},
         {"poll", {}, {{"events.mechanism", "poll"}}},
         {"no monitor", {}, {{"systemd_interval", "0"}}},
         {"monitor", {}, {{"systemd_interval", "5"}}},
         {"status address", {{"pm.status_listen", "{own}/st"}}}});
}

TEST(Start, Watchdogs) {
    const auto watchdog = [](const char* interval) {
        return std::vector<std::pair<std::string, std::string>>{{"WATCHDOG_USEC", interval}};
    };
    for (const char* interval : {"3000000", "2001999", "2002000", "3900001", "123456789", "0", "-1", "x", ""})
        compare_starts({{.name = interval, .environment = watchdog(interval)}});
    for (const char* directive : {"0", "1", "10", "-5"}) {
        compare_starts({{.name = directive,
                         .global = {{"systemd_interval", directive}},
                         .environment = watchdog("30000000")},
                        {.name = directive,
                         .global = {{"systemd_interval", directive}},
                         .arguments = {"-F", "-O", "-tt"},
                         .environment = watchdog("30000000")}});
    }
}

TEST(Start, UsersOfPools) {
    compare_starts({{"none", {{"user", "{none}"}}},
                    {"empty", {{"user", ""}}},
                    {"unknown", {{"user", "no-such-user"}}},
                    {"unknown group", {{"group", "no-such-group"}}},
                    {"root", {{"user", "root"}}},
                    {"number of root", {{"user", "0"}}},
                    {"group root", {{"group", "root"}}},
                    {"number of group root", {{"group", "0"}}},
                    {"number without an entry", {{"user", "4242"}}},
                    {"number and group", {{"user", "4242"}, {"group", "4242"}}},
                    {"number", {{"user", "33"}}},
                    {.name = "none, allowed", .pool = {{"user", "{none}"}}, .arguments = {"-F", "-O", "-R"}},
                    {.name = "root, allowed",
                     .pool = {{"user", "root"}},
                     .arguments = {"--nodaemonize", "--force-stderr", "--allow-to-run-as-root"}}});
}

TEST(Start, AsAnOrdinaryUser) {
    compare_starts(
        {{.name = "directives that need root",
          .pool = {{"group", "www-data"}, {"chroot", "/tmp"}, {"process.priority", "5"}},
          .global = {{"process.priority", "-5"}},
          .as_nobody = true},
         {.name = "none of them", .pool = {{"user", "{none}"}}, .as_nobody = true},
         {.name = "two pools",
          .more =
              "[b]\nlisten = {own}/t\nuser = no-such\ngroup = no-such\npm = static\npm.max_children = 1\n",
          .as_nobody = true},
         {.name = "-R", .pool = {{"user", "root"}}, .arguments = {"-F", "-O", "-R"}, .as_nobody = true},
         {.name = "owner of the socket", .pool = {{"listen.owner", "nobody"}}, .as_nobody = true},
         {.name = "files",
          .pool = {{"user", "{none}"}},
          .global = {{"rlimit_files", "99999999"}},
          .as_nobody = true},
         {.name = "core files", .global = {{"rlimit_core", "unlimited"}}, .as_nobody = true}});
}

TEST(Start, Addresses) {
    compare_starts({{"port 0", {{"listen", "127.0.0.1:0"}}},
                    {"no number", {{"listen", "127.0.0.1:x"}}},
                    {"too large", {{"listen", "127.0.0.1:65536"}}},
                    {"no port", {{"listen", "127.0.0.1:"}}},
                    {"only digits", {{"listen", "99999"}}},
                    {"zero", {{"listen", "0"}}},
                    {"not of this machine", {{"listen", "203.0.113.1:9377"}}},
                    {"no folder", {{"listen", "/nonexistent/s"}}}});
}

TEST(Start, OwnersOfSockets) {
    compare_starts({{"unknown owner", {{"listen.owner", "no-such"}}},
                    {"unknown group", {{"listen.group", "no-such"}}},
                    {"unknown in the list", {{"listen.acl_users", "nobody,no-such"}}},
                    {"unknown group in the list", {{"listen.acl_groups", "no-such"}}},
                    {"numbers", {{"listen.owner", "4242"}, {"listen.group", "4242"}}},
                    {"mode", {{"listen.mode", "0600"}}},
                    {"odd mode", {{"listen.mode", "rw"}}},
                    {"mode with nines", {{"listen.mode", "999"}}},
                    {"empty mode", {{"listen.mode", ""}}},
                    {"mode of many bits", {{"listen.mode", "07777"}}}});
}

TEST(Start, AsInADockerImage) {
    const auto serve = [](const char* code) {
        return [code](pid_t, const std::string& own) {
            std::ofstream(own + "/talk.php") << code;
            const auto answer = harness::ask(harness::Address::unix_path(own + "/s"),
                                             harness::make_request("GET", own, "/talk.php?x"));
            return "answer: " + answer.body() + "\n";
        };
    };
    const std::vector<std::pair<std::string, std::string>> global{
        {"error_log", "/proc/self/fd/2"}, {"log_limit", "8192"}, {"daemonize", "no"}};
    const std::vector<std::pair<std::string, std::string>> pool{
        {"clear_env", "no"}, {"catch_workers_output", "yes"}, {"decorate_workers_output", "no"}};
    // One at a time: a worker writes its access log itself, what it says comes by way of the master.
    auto with_access_log = pool;
    with_access_log.insert(with_access_log.end(),
                           {{"access.log", "/proc/self/fd/2"}, {"access.format", "\"%m %r%Q%q %s\""}});
    compare_starts({{.name = "access log",
                     .pool = with_access_log,
                     .global = global,
                     .arguments = {},
                     .look = serve("<?php echo getenv('PATH') !== false;")},
                    {.name = "output of workers",
                     .pool = pool,
                     .global = global,
                     .arguments = {},
                     .look = serve("<?php fwrite(fopen('php://stderr', 'w'), \"said\\n\"); echo 1;")}});
}

TEST(Start, PidFiles) {
    const auto content = [](const char* name) {
        return [name](pid_t pid, const std::string& own) {
            return harness::read_file(own + "/" + name) == std::to_string(pid) ? "right\n" : "wrong\n";
        };
    };
    compare_starts(
        {{.name = "directive", .global = {{"pid", "{own}/x.pid"}}, .look = content("x.pid")},
         {.name = "option", .arguments = {"-F", "-O", "-g", "{own}/g.pid"}, .look = content("g.pid")},
         {.name = "directive over option",
          .global = {{"pid", "{own}/x.pid"}},
          .arguments = {"-F", "-O", "-g", "{own}/g.pid"},
          .look = content("x.pid")}});
}

TEST(Start, ErrorsAreInTheLogToo) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"-F"}, {"-F", "-O"}, {"-D"}, {"-t"}}) {
        compare_starts({{"events", {}, {{"events.mechanism", "magic"}}, {}, arguments},
                        {"children", {{"pm.max_children", "0"}}, {}, {}, arguments},
                        {"limit", {}, {{"log_limit", "9"}}, {}, arguments},
                        {"access log", {{"access.log", "/nonexistent/x"}}, {}, {}, arguments},
                        {"syslog", {{"pm.max_children", "0"}}, {{"error_log", "syslog"}}, {}, arguments},
                        {"level", {{"pm.max_children", "0"}}, {{"log_level", "alert"}}, {}, arguments}});
    }
}

TEST(Start, TestsAreInTheLogToo) {
    for (const char* option : {"-t", "-tt"}) {
        compare_starts(
            {{.name = "plain", .arguments = {option}},
             {.name = "an ordinary user", .arguments = {option}, .as_nobody = true},
             {.name = "user", .pool = {{"user", "no-such"}}, .arguments = {option}},
             {.name = "owner", .pool = {{"listen.owner", "no-such"}}, .arguments = {option}},
             {.name = "warning", .global = {{"log_level", "warning"}}, .arguments = {option}},
             {.name = "access log", .pool = {{"access.log", "{own}/a"}}, .arguments = {option}},
             {.name = "notices",
              .pool = {{"pm", "dynamic"}, {"pm.min_spare_servers", "1"}, {"pm.max_spare_servers", "1"}},
              .arguments = {option}}});
    }
}

TEST(Start, Daemons) {
    SKIP_UNLESS_ROOT("users are changed");
    const std::vector<std::pair<std::string, std::string>> pid{{"pid", "{own}/pid"}};
    compare_daemon({"without an option", {}, pid, {}, {}});
    compare_daemon({"-D", {}, {{"pid", "{own}/pid"}, {"daemonize", "no"}}, {}, {"-D"}});
    compare_daemon({"the last counts", {}, pid, {}, {"-F", "--daemonize"}});
    compare_daemon({"-O has no say", {}, pid, {}, {"-D", "-O"}});
    compare_daemon({"-g", {}, {}, {}, {"-D", "-g", "{own}/pid"}});
    compare_daemon({"syslog", {}, {{"pid", "{own}/pid"}, {"error_log", "syslog"}}, {}, {"-D"}});
    compare_daemon({.name = "an ordinary user", .global = pid, .arguments = {"-D"}, .as_nobody = true});
}

TEST(Start, DaemonsThatFail) {
    SKIP_UNLESS_ROOT("users are changed");
    const std::vector<std::pair<std::string, std::string>> pid{{"pid", "{own}/pid"}};
    compare_daemon({"configuration", {{"pm", "odd"}}, pid, {}, {"-D"}});
    compare_daemon({"address", {{"listen", "/nonexistent/s"}}, pid, {}, {"-D"}});
    compare_daemon({"error log", {}, {{"error_log", "/nonexistent/log"}}, {}, {"-D"}});
    compare_daemon({"limit", {}, {{"pid", "{own}/pid"}, {"rlimit_files", "99999999"}}, {}, {"-D"}});
}

}  // namespace
}  // namespace phalanx::compat

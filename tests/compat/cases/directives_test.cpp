#include <unistd.h>

#include "compat/comparison.hpp"

namespace phalanx::compat {
namespace {

constexpr const char* kLimits =
    "<?php echo preg_replace('/ +/', ' ', implode('', preg_grep('/open files|core/', "
    "file('/proc/self/limits'))));";
constexpr const char* kNice = "<?php echo explode(' ', file_get_contents('/proc/self/stat'))[18];";
constexpr const char* kPlace =
    "<?php echo getcwd(), ' ', realpath('/proc/self/cwd'), ' ', __FILE__, ' ', "
    "implode(' ', array_diff(scandir('/'), ['.', '..'])), ' ', fileowner('/');";

/// The effect of directives on the worker, told by a script.
TEST(Directives, LimitsOfAllPools) {
    SKIP_UNLESS_ROOT("limits are raised");
    compare({.cases = {{"limits", kLimits}}, .global = {{"rlimit_files", "300"}, {"rlimit_core", "4096"}}});
    compare({.cases = {{"limits", kLimits}}, .global = {{"rlimit_core", "unlimited"}}});
}

TEST(Directives, LimitsOfThePoolGoBeforeThose) {
    SKIP_UNLESS_ROOT("limits are raised");
    compare({.pool = {{"rlimit_files", "200"}, {"rlimit_core", "1024"}},
             .cases = {{"limits", kLimits}},
             .global = {{"rlimit_files", "300"}, {"rlimit_core", "4096"}}});
}

TEST(Directives, Priorities) {
    SKIP_UNLESS_ROOT("priorities are raised");
    compare({.cases = {{"nice", kNice}}});
    compare({.cases = {{"nice", kNice}}, .global = {{"process.priority", "7"}}});
    compare({.cases = {{"nice", kNice}}, .global = {{"process.priority", "-7"}}});
    compare({.pool = {{"process.priority", "3"}},
             .cases = {{"nice", kNice}},
             .global = {{"process.priority", "-7"}}});
    compare({.pool = {{"process.priority", "-19"}}, .cases = {{"nice", kNice}}});
}

TEST(Directives, Dumpable) {
    SKIP_UNLESS_ROOT("users are changed");
    constexpr const char* owner = "<?php echo fileowner('/proc/self/fd'), ' ', fileowner('/proc/self/stat');";
    compare({.cases = {{"owner of its descriptors", owner}}});
    compare({.pool = {{"process.dumpable", "yes"}}, .cases = {{"owner of its descriptors", owner}}});
}

TEST(Directives, FolderOfThePool) {
    compare({.pool = {{"chdir", "/var"}}, .cases = {{"place", kPlace}}});
    compare({.pool = {{"prefix", "/var"}, {"chdir", "lib"}},
             .cases = {{"before", "<?php chdir('/proc/1/..'); echo getcwd();"}, {"place", kPlace}}});
}

TEST(Directives, Chroot) {
    SKIP_UNLESS_ROOT("chroot");
    const std::vector<Change> inside{{"SCRIPT_FILENAME", "/in.php"}, {"DOCUMENT_ROOT", "/"}};
    const std::vector<Change> below{{"SCRIPT_FILENAME", "/sub/in.php"}, {"DOCUMENT_ROOT", "/"}};
    constexpr const char* place =
        "<?php echo getcwd(), ' ', __FILE__, ' ', implode(' ', array_diff(scandir('/'), ['.', '..', "
        "'outside.php'])), ' ', posix_getuid();";
    const std::vector<std::pair<std::string, std::string>> scripts{{"in.php", place}, {"sub/in.php", place}};
    const std::vector<Case> cases{{"script in the root", "", "/in.php", "GET", inside},
                                  {"script in a folder", "", "/sub/in.php", "GET", below},
                                  {"path of outside", "", "/in.php"}};
    compare({.pool = {{"chroot", "{root}"}}, .scripts = scripts, .cases = cases});
    compare({.pool = {{"chroot", "{root}"}, {"chdir", "/sub"}}, .scripts = scripts, .cases = cases});
    compare({.pool = {{"prefix", "{root}"}, {"chroot", "$prefix/sub"}, {"chdir", "/"}},
             .scripts = scripts,
             .cases = {{"script in the root", "", "/in.php", "GET", inside}}});
}

TEST(Directives, AllowedClients) {
    constexpr const char* peer = "<?php echo 'served';";
    const auto listed = [&](const std::string& list, const std::string& differs = {}) {
        compare({.pool = {{"listen", "127.0.0.1:{port}"},
                          {"listen.allowed_clients", list},
                          {"catch_workers_output", "yes"}},
                 .cases = {{.name = "of " + list, .code = peer, .differs = differs}},
                 .log = differs.empty() ? Log::Compare : Log::Ignore});
    };
    listed("127.0.0.1");
    listed("::1,127.0.0.1");
    listed("::ffff:127.0.0.1", "this is the same client, by whatever kind of socket it comes");
    listed("127.0.0.2");
    listed("127.0.0.2, 127.0.0.1");
    listed("127.0.0.0/8");
}

TEST(Directives, AllowedClientsOfBothFamilies) {
    constexpr const char* peer = "<?php echo 'served';";
    const auto listed = [&](const std::string& list) {
        compare({.pool = {{"listen", "[::1]:{port}"}, {"listen.allowed_clients", list}},
                 .cases = {{"of " + list, peer}}});
    };
    if (!harness::has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 here";
    listed("::1");
    listed("::2");
    listed("127.0.0.1");
    listed("any");
    listed("");
}

TEST(Directives, Backlog) {
    constexpr const char* length =
        "<?php foreach (fpm_get_status() as $k => $v) if ($k === 'listen-queue-len') echo $v;";
    const auto backlog = [&](const std::string& number) {
        compare({.pool = {{"listen", "127.0.0.1:{port}"}, {"listen.backlog", number}},
                 .cases = {{"backlog " + number, length}}});
    };
    backlog("17");
    backlog("1");
    backlog("-1");
    backlog("100000");
}

TEST(Directives, EnvironmentIsKept) {
    compare(
        {.pool = {{"clear_env", "no"}, {"env[LANG]", "xx"}, {"env[OWN]", "$LANG"}},
         .cases = {{"some of it",
                    "<?php foreach (['PATH', 'LANG', 'OWN', 'USER', 'HOME', 'NOTIFY_SOCKET', 'LOGNAME'] as "
                    "$k) { echo $k, '='; var_dump(getenv($k)); }"}}});
}

TEST(Directives, Extensions) {
    for (const char* list : {".php", ".inc .php5\t.phtml", "", "php", "a.php"}) {
        compare({.pool = {{"security.limit_extensions", list}},
                 .scripts = {{"a.php", "<?php echo 1;"},
                             {"a.inc", "<?php echo 2;"},
                             {"a.phtml", "<?php echo 3;"},
                             {"xphp", "<?php echo 4;"},
                             {"A.PHP", "<?php echo 5;"}},
                 .cases = {{"php", "", "/a.php"},
                           {"inc", "", "/a.inc"},
                           {"phtml", "", "/a.phtml"},
                           {"none", "", "/xphp"},
                           {"capitals", "", "/A.PHP"}},
                 .log = Log::Ignore});
    }
}

}  // namespace
}  // namespace phalanx::compat

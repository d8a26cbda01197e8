#include <algorithm>

#include "compat/command_comparison.hpp"
#include "compat/comparison.hpp"
#include "compat/logged_daemon.hpp"

namespace phalanx::compat {
namespace {

const std::vector<Case> kRequests = {
    {"get", "<?php echo 'x';", "?a=1&b=2"},
    {"post", "<?php echo 'x';", "", "POST", {}, "name=value"},
    {"head", "<?php echo 'x';", "", "HEAD"},
    {"path info", "<?php echo 'x';", "/some/path?q"},
    {"an own status", "<?php http_response_code(503); header('X-Own: head er'); echo 'x';"},
    {"a user", "<?php echo 'x';", "", "GET", {{"HTTP_AUTHORIZATION", "Basic dXNlcjpwYXNz"}}},
    {"missing", "", "/missing.php"},
    {"denied", "", "/missing.inc"},
    {"a fatal error", "<?php no_such_function();"},
    {"a status set too late",
     "<?php register_shutdown_function(function () { http_response_code(500); }); echo 'x';"},
    {"finished early", "<?php echo 'x'; fastcgi_finish_request(); http_response_code(500);"},
};

TEST(AccessLogFormat, ThatPhpFpmHasAtFirst) {
    compare({.cases = kRequests});
}

TEST(AccessLogFormat, WithEveryFieldThatDoesNotMeasure) {
    compare({.pool = {{"access.format",
                       "\"%% %{REQUEST_URI}e %{NONE}e %f %l %m %n %{X-Own}o %{X-Powered-By}o %q %Q %r %R %s "
                       "%{%Y}t %u\""},
                      {"php_flag[display_errors]", "on"}},
             .cases = kRequests});
}

TEST(AccessLogFormat, WithTheFieldsThatMeasure) {
    compare({.pool = {{"access.format",
                       "\"%d %{milli}d %{micro}d %M %{kilo}M %{mega}M %C %{user}C %{system}C %p %P %T\""}},
             .cases = {{"get", "<?php echo 'x';"}},
             // The fields of the line, from the duration to the process numbers; the time they end with is
             // always masked.
             .masks = {{"access log:\nFIELDS ", "access log:\n([0-9]+(\\.[0-9]+)? ){11}"}}});
}

TEST(AccessLogFormat, SuppressedPaths) {
    compare({.pool = {{"access.suppress_path[]", "/get.php"}},
             .scripts = {{"get.php", "<?php if (isset($_GET['fail'])) http_response_code(500); echo 'x';"},
                         {"other.php", "<?php echo 'x';"}},
             .cases = {{"suppressed", "", "/get.php"},
                       {"suppressed head", "", "/get.php", "HEAD"},
                       {"with a query", "", "/get.php?a"},
                       {"post", "", "/get.php", "POST", {}, "a=b"},
                       {"failing", "", "/get.php?fail"},
                       {"another path", "", "/other.php"}}});
}

/// Requests of every kind that leaves a line, and what they look like in it.
const std::vector<Case> kOdd = {
    {"get", "<?php header('X-Own: one'); header('X-Own: two', false); header('X-Empty:'); echo 'x';", "?a=1"},
    {"post", "<?php echo 'x';", "", "POST", {}, "name=value"},
    {"head", "<?php echo 'x';", "", "HEAD"},
    {"no method", "<?php echo 'x';", "", "GET", {{"REQUEST_METHOD", {}}}},
    {"empty method", "<?php echo 'x';", "", "GET", {{"REQUEST_METHOD", ""}}},
    {"ping", "", "/ping"},
    {"status", "", "/status?json"},
    {"missing", "", "/missing.php"},
    {"refused", "", "/missing.inc"},
    {"not found by itself", "<?php http_response_code(404);"},
    {"a name and no password", "<?php echo 'x';", "", "GET", {{"HTTP_AUTHORIZATION", "Basic bmFtZTo="}}},
    {"no name", "<?php echo 'x';", "", "GET", {{"HTTP_AUTHORIZATION", "Basic OnB3"}}},
    {"another scheme", "<?php echo 'x';", "", "GET", {{"HTTP_AUTHORIZATION", "Bearer x"}}},
    {"empty params", "<?php echo 'x';", "", "GET", {{"HTTP_EMPTY", ""}, {"lower_case", "l"}}},
    {"no script", "<?php echo 'x';", "", "GET", {{"SCRIPT_FILENAME", {}}}},
    {"long", "<?php echo 'x';", "?" + std::string(400, 'q')},
};

TEST(AccessLogFormat, WithEveryPlaceholderAndModifier) {
    for (const char* format :
         {"%% %n %m %r %q %Q %s %l %f "
          "%u|%{HTTP_EMPTY}e|%{lower_case}e|%{LOWER_CASE}e|%{SCRIPT_NAME}e|%{NONE}e",
          "%{X-Own}o|%{x-own}o|%{X-Empty}o|%{Content-type}o|%{Content-Type}o|%{Status}o %R",
          "%{%Y}t %{%Y-%m}T %{}t|%{%%}t|%{%a %b %h %G %u %C %p}T",
          "%{x}{HTTP_EMPTY}e|%{HTTP_HOST}{lower_case}e|", "%u", "%u%u%q", "text alone", "a%"}) {
        compare({.pool = {{"access.format", "\"" + std::string(format) + "\""},
                          {"ping.path", "/ping"},
                          {"pm.status_path", "/status"}},
                 .cases = kOdd,
                 // The status page tells times and counts.
                 .masks = {{"{STATUS}", "\\{\"pool\".*\\}"}}});
    }
}

/// Numbers that measure: their form alone can be compared.
TEST(AccessLogFormat, WithEveryMeasuringModifier) {
    SKIP_UNLESS_BOTH();
    std::string format;
    for (const char* token : {"%d",
                              "%{seconds}d",
                              "%{SECONDS}d",
                              "%{milli}d",
                              "%{milliseconds}d",
                              "%{mili}d",
                              "%{miliseconds}d",
                              "%{micro}d",
                              "%{microseconds}d",
                              "%C",
                              "%{total}C",
                              "%{User}C",
                              "%{system}C",
                              "%M",
                              "%{bytes}M",
                              "%{kilo}M",
                              "%{kilobytes}M",
                              "%{mega}M",
                              "%{MegaBytes}M",
                              "%p",
                              "%P",
                              "%{%s}t",
                              "%{%s}T"}) {
        format += std::string(token) + " ";
    }
    compare({.pool = {{"access.format", "\"" + format + "\""}},
             .cases = {{"slow", "<?php usleep(1200);"}},
             .masks = {{"F", "[0-9]+\\.[0-9]{3}"}, {"C", "[0-9]+\\.[0-9]{2}"}, {"N", "[0-9]+"}}});
}

TEST(AccessLogFormat, FollowsTheWorkersTimeZone) {
    const std::vector<Case> one{{"get", "<?php echo 'x';"}};
    for (const char* zone : {"EAST-5:45", "WEST+9", "UTC"}) {
        compare({.pool = {{"access.format", "\"%{%z %Z}t %{%z %Z}T\""}, {"env[TZ]", zone}}, .cases = one});
        compare({.pool = {{"access.format", "\"%{%z %Z}t %{%z %Z}T\""}},
                 .cases = one,
                 .environment = {{"TZ", zone}}});
        compare({.pool = {{"access.format", "\"%{%z %Z}t %{%z %Z}T\""}, {"clear_env", "no"}},
                 .cases = one,
                 .environment = {{"TZ", zone}}});
    }
}

/// php-fpm cuts a time at about 120 bytes, anything at its own lengths, and a line at 1,024.
TEST(AccessLogFormat, CutsNothing) {
    SKIP_UNLESS_BOTH();
    std::string centuries;
    for (int i = 0; i < 40; ++i) centuries += "%c";
    harness::Site site(*harness::driven_daemon());
    site.pool().set("access.log", (site.files() / "access.log").string());
    site.pool().set("access.format", "\"%m|%{" + centuries + "}t|%q|%{HTTP_LONG}e|end\"");
    site.script("x.php", "<?php");
    site.start();
    harness::Request request = site.request("/x.php?" + std::string(900, 'q'), "VERYLONGMETHODNAME");
    request.set("HTTP_LONG", std::string(5000, 'h'));
    (void)harness::ask(site.address(), request);
    const std::string line = harness::read_file(site.files() / "access.log");
    EXPECT_TRUE(line.starts_with("VERYLONGMETHODNAME|"));
    EXPECT_EQ(line.size(), 19 + 40 * 24 + 1 + 900 + 1 + 5000 + 5u) << line;
    EXPECT_TRUE(line.ends_with("|end\n"));
}

/// Control bytes, quotes and backslashes are escaped, wherever they come from.
TEST(AccessLogFormat, CannotBeForged) {
    SKIP_UNLESS_BOTH();
    harness::Site site(*harness::driven_daemon());
    site.pool().set("access.log", (site.files() / "access.log").string());
    site.pool().set("access.format", "\"%u|%q|%r|%f|%m|%{HTTP_X}e|%{X-Own}o|\"");
    const std::string evil = "a\nb\"c\\d\x1b[31m\r";
    site.script("e\n\".php", "<?php header('X-Own: ' . chr(27) . '\"');");
    site.start();
    harness::Request request = site.request("/x.php");
    request.set("SCRIPT_FILENAME", (site.root() / "e\n\".php").string());
    for (const char* name : {"QUERY_STRING", "SCRIPT_NAME", "REQUEST_METHOD", "HTTP_X"})
        request.set(name, evil);
    request.set("HTTP_AUTHORIZATION", "Basic YQpiIhs6cA==");  // a, line feed, b, quote, escape
    (void)harness::ask(site.address(), request);
    const std::string line = harness::read_file(site.files() / "access.log");
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
    for (const char forbidden : {'\x1b', '\r', '"'}) EXPECT_EQ(line.find(forbidden), line.npos) << line;
    EXPECT_TRUE(line.starts_with("a\\x0Ab\\x22\\x1B|a\\x0Ab\\x22c\\x5Cd\\x1B[31m\\x0D|")) << line;
}

TEST(AccessLogFormat, IsRefusedWhereItIsWrong) {
    SKIP_UNLESS_BOTH();
    const std::string long_name(300, 'a');
    for (const std::string& format :
         {std::string("%Z"), std::string("%x"), std::string("%N"), std::string("a%{"), std::string("a%{x"),
          std::string("a%{x}"), std::string("%{x}u"), std::string("%{x}%"), std::string("%e"),
          std::string("%{}e"), std::string("%o"), std::string("%{}o"), std::string("%{x}C"),
          std::string("%{ total}C"), std::string("%{ms}d"), std::string("%{x}M"), "%{" + long_name + "}e|"}) {
        compare_config(
            {"format " + format, {{"access.format", "\"" + format + "\""}, {"access.log", "/dev/null"}}});
    }
}

TEST(AccessLogFile, IsSharedByPools) {
    SKIP_UNLESS_BOTH();
    compare_daemons("two pools", [](LoggedDaemon& daemon) {
        harness::Site& site = daemon.site();
        site.add_pool("second").set("access.log", site.pool().value("access.log"));
        for (const char* pool : {"www", "second"}) site.pool(pool).set("access.format", "\"%n %r %s\"");
        site.script("x.php", "<?php");
        daemon.start({"-F", "-O"});
        for (int i = 0; i < 3; ++i) {
            for (const char* pool : {"www", "second"}) (void)site.get("/x.php", pool);
        }
        daemon.stop();
        return daemon.log("access.log");
    });
}

/// A full disk costs lines, not answers.
TEST(AccessLogFile, MayBeFull) {
    compare({.pool = {{"access.log", "/dev/full"}}, .cases = kOdd, .log = Log::Ignore});
}

}  // namespace
}  // namespace phalanx::compat

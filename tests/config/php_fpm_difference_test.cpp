#include <gtest/gtest.h>
#include <unistd.h>

#include "php_fpm_comparison.hpp"

namespace phalanx::config::testing {
namespace {

TEST_F(PhpFpmDifference, ValuesAreReadAlike) {
    std::string pool;
    int number = 0;
    for (const std::string_view value : {R"(x)",
                                         R"("a\"b")",
                                         R"("a\nb")",
                                         R"('a\b')",
                                         R"("a" "b")",
                                         R"(a"b"c)",
                                         R"(${HOME})",
                                         R"(x${HOME})",
                                         R"("x${HOME}y")",
                                         R"('${HOME}')",
                                         R"($HOME)",
                                         R"(E_ALL & ~E_NOTICE)",
                                         R"(1|2)",
                                         R"(!0)",
                                         R"(~5)",
                                         R"((5))",
                                         R"(a&b | 1)",
                                         R"({x})",
                                         R"([x])",
                                         R"(a,b)",
                                         R"(a?b)",
                                         R"(@x)",
                                         R"(%R)",
                                         R"(v # x)",
                                         R"(v;x)",
                                         R"("v;x";y)",
                                         R"(E_ALL)",
                                         R"(E_STRICT x)",
                                         R"($x;y)",
                                         R"(1 2)",
                                         R"("C:\dir\")",
                                         R"(it's)",
                                         R"(a:b)",
                                         R"(yes,no)",
                                         R"(${NOPE:-default})"}) {
        pool += "php_value[v" + std::to_string(number++) + "] = " + std::string(value) + "\n";
    }
    compare("", pool);
}

TEST_F(PhpFpmDifference, FaultsOfTheLanguageAreToldAlike) {
    for (const std::string_view line : {"slowlog = a=b", "slowlog = a!b",
                                        "slowlog = (1",  "slowlog = \"a",
                                        "foo",           "foo\"x",
                                        "yes = 1",       "[x",
                                        " [b]",          "\t[b]",
                                        " \t[b]",        " = x",
                                        " \"a\" = b",    " {a",
                                        "env[v] oFF",    "env[v] { :1",
                                        "env[v] [x",     "env[v]\toff",
                                        "PM = fast",     "Clear_Env = 2",
                                        "env[a]",        "env[b = c",
                                        "slowlog = ${",  "pm = a=b",
                                        "# x",           "slowlog = yes foo",
                                        "foo\rbar",      "a&"}) {
        compare("", std::string(line) + "\n");
    }
}

TEST_F(PhpFpmDifference, BooleansAreReadAlike) {
    for (const std::string_view value :
         {"yes", "Off", "NONE", "null", "1", "0", "\"\"", "\"yes\"", "\"YES\"", "2", "y"}) {
        compare("", "clear_env = " + std::string(value) + "\n");
    }
}

TEST_F(PhpFpmDifference, WrongEntriesAreToldAlike) {
    for (const std::string_view line : {"foo = 1",
                                        "foo[a] = 1",
                                        "foo[] = 1",
                                        "env[] = 1",
                                        "env[A] = off",
                                        "env = x",
                                        "pm[a] = x",
                                        "ENV[a] = x",
                                        "Include = /x",
                                        "pid = /x",
                                        "php_flag[x] = maybe",
                                        "access.suppress_path[a] = b",
                                        "access.suppress_path[] = b",
                                        "pm.max_children = 5k",
                                        "request_terminate_timeout = 5x",
                                        "request_terminate_timeout =",
                                        "pm = fast",
                                        "rlimit_core = -1",
                                        "rlimit_core = x",
                                        "process.dumpable = 2",
                                        "[global]\nenv[a] = 1",
                                        "[global]\nuser = x",
                                        "[global]\npid = $pool",
                                        "[global]\nlog_level = loud",
                                        "[global]\nsyslog.facility = x"}) {
        compare("", std::string(line) + "\n");
    }
}

TEST_F(PhpFpmDifference, IncludesAreReadAlike) {
    folder().write("b.d/2.conf", "[two]\nuser = www-data\nlisten = 9002\npm = static\npm.max_children = 1\n");
    folder().write("b.d/1.conf", "[one]\nuser = www-data\nlisten = 9001\npm = static\n");
    folder().write("b.d/sub.conf/x", "");
    folder().write("loop.conf", "include = " + folder().path("loop.conf") + "\n");
    folder().write("bad.conf", "foo = 1\n");
    compare("", "include = " + folder().path("b.d/*.conf") + "\nchdir = /tmp\n[one]\npm.max_children = 3\n");
    compare("", "include = " + folder().path("nothing*") + "\n");
    compare("", "include = " + folder().path("missing/*.conf") + "\n");
    compare("", "include =\n");
    // php-fpm counts its lines wrongly after an include: these stand on line 1.
    compare_file("include = " + folder().path("bad.conf") + "\n");
    compare_file("include = " + folder().path("loop.conf") + "\n");
    compare_file("include=\"a\"\rinclude=\"b\"\n");
}

TEST_F(PhpFpmDifference, GlobalSectionsAreCheckedAlike) {
    for (const std::string_view lines :
         {"pid = x.pid\nsyslog.ident = y\nsyslog.facility = LOCAL3\nprocess.max = 9\nrlimit_files = 1024\n",
          "process.priority = 5\nrlimit_core = unlimited\nevents.mechanism = POLL\nsystemd_interval = -5\n",
          "emergency_restart_interval = 2m\nprocess_control_timeout = 1h\ndaemonize = no\nsyslog.ident "
          "=\npid =\n",
          "log_limit = 511\nprocess.max = -1\n", "process.max = -1\nprocess.priority = 21\n",
          "process.priority = -20\nevents.mechanism = x\n", "events.mechanism = kqueue\n",
          "error_log = /nonexistent/x\n", "log_limit = abc\n", "systemd_interval =\n"}) {
        compare(lines, "");
    }
    compare_file("[global]\nerror_log = " + folder().path("e") + "\n");
}

TEST_F(PhpFpmDifference, ProcessManagersAreCheckedAlike) {
    const std::string dynamic = "pm = dynamic\npm.max_children = 5\n";
    for (const std::string& lines :
         {std::string("pm.max_children = 0\n"), dynamic, dynamic + "pm.min_spare_servers = 6\n",
          dynamic + "pm.min_spare_servers = 6\npm.max_spare_servers = 1\n",
          dynamic + "pm.min_spare_servers = 2\npm.max_spare_servers = 1\n",
          dynamic + "pm.min_spare_servers = 2\npm.max_spare_servers = 5\n",
          dynamic + "pm.min_spare_servers = 2\npm.max_spare_servers = 5\npm.start_servers = 1\n",
          dynamic + "pm.min_spare_servers = 2\npm.max_spare_servers = 5\npm.max_spawn_rate = 0\n",
          std::string("pm = OnDemand\nlisten.backlog = -4\n"),
          std::string("pm = ondemand\npm.process_idle_timeout = 0\n")}) {
        compare("", lines);
    }
    compare("events.mechanism = select", "pm = ondemand\n");
}

TEST_F(PhpFpmDifference, PagesAndLogsAreCheckedAlike) {
    const std::string slow = "slowlog = " + folder().path("slow") + "\n";
    for (const std::string& lines :
         {std::string("pm.status_path = /a b\n"),
          std::string("pm.status_path = /\n"),
          std::string("pm.status_path = x\nping.path = x\n"),
          std::string("pm.status_listen = st.sock\n"),
          std::string("pm.status_listen =\n"),
          std::string("pm.status_path =\npm.status_listen = 9\n"),
          std::string("ping.path = /\n"),
          std::string("ping.path = /p\n"),
          std::string("ping.response = x\n"),
          std::string("ping.path = /p\nping.response =\n"),
          "access.log = " + folder().path("access") + "\n",
          "access.log = " + folder().path("access") + "\naccess.format = %m\n",
          std::string("access.log = /nonexistent/x\n"),
          std::string("access.log =\n"),
          std::string("access.suppress_path[] = /a\naccess.suppress_path[] = /b\n"),
          std::string("request_slowlog_timeout = 1\n"),
          std::string("request_slowlog_trace_depth = 5\n"),
          slow + "request_slowlog_timeout = 5\nrequest_terminate_timeout = 2\n",
          slow + "request_slowlog_trace_depth = -1\n",
          slow + "request_slowlog_timeout = 5s\nrequest_slowlog_trace_depth = 0\n",
          std::string("slowlog = /nonexistent/x\nrequest_slowlog_timeout = 1\n")}) {
        compare("", lines);
    }
}

TEST_F(PhpFpmDifference, PathsAreCompletedAlike) {
    for (const std::string_view lines :
         {"prefix =\nlisten = x\n",
          "prefix = /tmp\nlisten = $pool.sock\nslowlog = $pool/$pool\nchroot = $prefix\n",
          "prefix = lib\nchdir = .\n", "prefix = /nonexistent\n", "chroot = /etc/passwd\n",
          "chroot = x$prefix\n", "chroot = $prefix/lib\n", "chroot = /usr\nchdir = lib\n",
          "chroot = /usr\nchdir = /lib\n", "chdir = /nonexistent\n", "listen = 127.0.0.1:9000\n",
          "listen =\n",
          "php_value[error_log] = x\nphp_admin_value[error_log] = syslog\nphp_value[error_log] = syslog\n"
          "php_admin_value[session.cookie_path] = r\nphp_value[session.save_path] = r\nphp_flag[error_log] = "
          "on\n",
          "chroot = /usr\nphp_value[error_log] = x\n"}) {
        compare("", lines);
    }
}

TEST_F(PhpFpmDifference, PoolsAreComparedAlike) {
    const auto pool = [](std::string_view name, std::string_view listen, std::string_view more = "") {
        return "[" + std::string(name) +
               "]\nuser = www-data\npm = static\npm.max_children = 1\nlisten = " + std::string(listen) +
               "\n" + std::string(more);
    };
    compare("", pool("b", "9") + pool("c", "9") + pool("d", "/tmp/www.sock"));
    compare("", pool("b", "9", "pm.status_listen = 7\n") + pool("c", "7"));
    compare("", pool("b", "9", "pm.status_listen = 7\n") + pool("c", "8", "pm.status_listen = 7\n"));
    compare("", pool("b", "localhost:9") + pool("C", "LOCALHOST:9") + "[WWW]\npm.max_requests = 5\n");
    compare("", "[]\nlisten = 9\n");
}

TEST_F(PhpFpmDifference, IdentitiesAreCheckedAlike) {
    for (const std::string_view lines :
         {"user = nobody-here\n", "group = nobody-here\n", "listen.owner = nobody-here\n",
          "listen.group = nobody-here\n",
          "user = 4242\ngroup = 4242\nlisten.owner = 4242\nlisten.group = 4242\n", "user = 4242x\n",
          "user =\n"}) {
        compare("", lines);
    }
}

TEST_F(PhpFpmDifference, WhatIsLeftOutOrEmptyIsShownAlike) {
    compare("",
            "group =\nlisten.owner =\nlisten.mode =\nlisten.allowed_clients =\nslowlog =\nchroot =\nchdir =\n"
            "ping.path =\npm.status_path =\naccess.format =\nsecurity.limit_extensions =\napparmor_hat =\n"
            "listen.acl_users =\nlisten.backlog =\nrlimit_core =\nprocess.priority =\n");
    compare(
        "",
        "security.limit_extensions =  .php    .x\nenv[A] = 1\nenv[B] = $HOME\nenv[A] = 2\nlisten.mode = 999\n"
        "php_flag[display_errors] = on\nphp_admin_flag[log_errors] = no\nphp_value[x] =\n"
        "PM.Max_Requests = 5\nrlimit_files = -5\npm.process_idle_timeout = 1m\n");
}

TEST_F(PhpFpmDifference, TheFileOfTheDistributionIsReadAlike) {
    const std::string file = "/etc/php/8.2/fpm/php-fpm.conf";
    if (::access(file.c_str(), R_OK) != 0) GTEST_SKIP() << "there is no such file";
    compare_existing(file);
}

}  // namespace
}  // namespace phalanx::config::testing

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>

#include "config_test_support.hpp"

/// Loads small files with php-fpm and with this room and compares what both have to say. Skipped where
/// php-fpm is not installed or the tests do not run as root (php-fpm then says other things).
namespace phalanx::config::testing {
namespace {

constexpr const char* php_fpm = PHALANX_TEST_PHP_FPM;

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    std::istringstream stream{std::string(text)};
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// What php-fpm -tt writes, without times; its complaints about the language get our file and line.
std::vector<std::string> php_fpm_says(const std::string& file, int syntax_error_line) {
    const std::string command = std::string(php_fpm) + " -tt -n -y " + file + " 2>&1";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
    std::string output;
    std::array<char, 4096> block{};
    while (const std::size_t count = std::fread(block.data(), 1, block.size(), pipe.get())) {
        output.append(block.data(), count);
    }
    std::vector<std::string> said;
    for (std::string line : lines_of(output)) {
        if (line.starts_with("[")) line.erase(0, line.find("] ") + 2);
        const std::size_t where = line.find(" in Unknown on line");
        if (line.starts_with("PHP:") && where != std::string::npos) {
            line = "ERROR: " + line.substr(0, where) + " in " + file + " on line " +
                   std::to_string(syntax_error_line);
        }
        if (line.empty() || line.ends_with("FPM initialization failed") ||
            line.ends_with("test is successful"))
            continue;
        said.push_back(line);
    }
    return said;
}

LoadOptions real_options(const std::string& file) {
    LoadOptions options;
    options.file = file;
    options.purpose = Purpose::test;
    options.running_as_root = true;
    options.open_log = create_log_file;
    options.identities.user = [](const std::string& name) -> std::optional<IdentityLookup::User> {
        const passwd* entry = ::getpwnam(name.c_str());
        if (entry == nullptr) return std::nullopt;
        return IdentityLookup::User{entry->pw_uid, entry->pw_gid};
    };
    options.identities.group = [](const std::string& name) -> std::optional<gid_t> {
        const group* entry = ::getgrnam(name.c_str());
        return entry == nullptr ? std::nullopt : std::optional(entry->gr_gid);
    };
    return options;
}

std::vector<std::string> we_say(const std::string& file) {
    const LoadResult result = load(real_options(file));
    std::vector<std::string> said;
    for (const std::string& text : texts(result)) {
        // The second line about an unknown name is ours alone.
        if (text.find("the nearest known directive") == std::string::npos &&
            text.find("belongs to") == std::string::npos && text.find("takes no key") == std::string::npos &&
            text.find("is written") == std::string::npos) {
            said.push_back(text);
        }
    }
    if (result.settings) {
        for (const std::string& line : dump(*result.settings)) said.push_back("NOTICE: " + line);
    }
    return said;
}

class PhpFpmDifference : public ::testing::Test {
  protected:
    void SetUp() override {
        if (::access(php_fpm, X_OK) != 0) GTEST_SKIP() << "php-fpm is not installed";
        if (::geteuid() != 0) GTEST_SKIP() << "not running as root";
        if (::getpwnam("www-data") == nullptr) GTEST_SKIP() << "there is no user www-data";
    }

    /// A file of a [global] section and a pool, each with more lines behind its own.
    void compare(std::string_view global, std::string_view pool) {
        const std::string log = folder_.path("error.log");
        std::string content = "[global]\nerror_log = " + log + "\n" + std::string(global) + "\n";
        content.append(sound_pool).append(pool);
        compare_file(content);
    }

    void compare_file(const std::string& content) {
        const std::string file = folder_.write("case" + std::to_string(++cases_) + ".conf", content);
        const auto ours = we_say(file);
        int line = 0;
        for (const std::string& text : ours) {
            const std::size_t at = text.rfind(" on line ");
            if (text.find("PHP:") != std::string::npos && at != std::string::npos)
                line = std::atoi(text.c_str() + at + 9);
        }
        EXPECT_THAT(ours, ::testing::ElementsAreArray(php_fpm_says(file, line))) << content;
    }

    [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }

  private:
    TemporaryFolder folder_;
    int cases_ = 0;
};

TEST_F(PhpFpmDifference, ValuesAreReadAlike) {
    std::string pool;
    int number = 0;
    for (const std::string_view value :
         {R"(x)",           R"("a\"b")",    R"("a\nb")",    R"('a\b')",
          R"("a" "b")",     R"(a"b"c)",     R"(${HOME})",   R"(x${HOME})",
          R"("x${HOME}y")", R"('${HOME}')", R"($HOME)",     R"(E_ALL & ~E_NOTICE)",
          R"(1|2)",         R"(!0)",        R"(~5)",        R"((5))",
          R"(a&b | 1)",     R"({x})",       R"([x])",       R"(a,b)",
          R"(a?b)",         R"(@x)",        R"(%R)",        R"(v # x)",
          R"(v;x)",         R"("v;x";y)",   R"(E_ALL)",     R"(E_STRICT x)",
          R"($x;y)",        R"(1 2)",       R"("C:\dir\")", R"(it's)",
          R"(a:b)",         R"(yes,no)"}) {
        pool += "php_value[v" + std::to_string(number++) + "] = " + std::string(value) + "\n";
    }
    compare("", pool);
}

TEST_F(PhpFpmDifference, FaultsOfTheLanguageAreToldAlike) {
    for (const std::string_view line :
         {"slowlog = a=b", "slowlog = a!b", "slowlog = (1", "slowlog = \"a", "foo", "foo\"x", "yes = 1", "[x",
          "env[a]", "env[b = c", "slowlog = ${", "pm = a=b", "# x", "slowlog = yes foo", "foo\rbar", "a&"}) {
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
    EXPECT_THAT(we_say(file), ::testing::ElementsAreArray(php_fpm_says(file, 0)));
}

}  // namespace
}  // namespace phalanx::config::testing

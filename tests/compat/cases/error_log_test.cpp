#include <unistd.h>

#include <csignal>

#include "compat/logged_daemon.hpp"
#include "harness/process.hpp"

namespace phalanx::compat {
namespace {

using Options = std::vector<std::string>;

/// php-fpm replaces its workers at USR1 where there is an access log (docs/compatibility.md).
const Mask kRecycling{"",
                      "\\[LOG TIME\\] NOTICE: \\[pool www\\] child PID (exited with code 0 after SOME "
                      "seconds from start|started)\r?\n"};

std::string masked_recycling(const std::string& text) {
    return masked(masked(text, {{"[LOG TIME]", "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\\]"},
                                {"child PID", "child [0-9]+"},
                                {"after SOME seconds", "after [0-9]+\\.[0-9]{6} seconds"}}),
                  {kRecycling});
}

/// All that can be seen of where a log goes: before a rotation, after it, and what descriptors lead to.
std::string life_of(LoggedDaemon& daemon, const Options& options, Stderr kind) {
    daemon.stderr_is(kind);
    daemon.start(options);
    // A daemon may have said that it is ready before it lets go of its starter's standard output.
    if (options.front() == "-D")
        (void)harness::eventually(harness::kPatience, [&] { return daemon.descriptor(1) == "/dev/null"; });
    std::string seen = "descriptors " + daemon.descriptor(0) + " " + daemon.descriptor(1);
    // Standard error is the log; of what is no file only the kind.
    const auto standard_error = [&] {
        const std::string target = daemon.descriptor(2);
        return " " + target.substr(0, target.find(":["));
    };
    seen += standard_error();
    std::filesystem::rename(daemon.file("error.log"), daemon.file("error.old"));
    daemon.signal(SIGUSR1);
    (void)daemon.wait_for("access log file re-opened");
    seen += standard_error() + "\n";
    daemon.stop();
    return seen + "standard error:\n" + masked_recycling(daemon.errors()) + "old log:\n" +
           daemon.log("error.old") + "new log:\n" + masked_recycling(daemon.log());
}

void compare_lives(const Options& options, Stderr kind) {
    std::string name;
    for (const std::string& option : options) name += option + " ";
    compare_daemons(name, [&](LoggedDaemon& daemon) { return life_of(daemon, options, kind); },
                    {{"/dev/pts/N", "/dev/pts/[0-9]+"}});
}

TEST(ErrorLogPlace, OfADaemonIsTheFile) {
    SKIP_UNLESS_BOTH();
    compare_lives({"-D"}, Stderr::Pipe);
    compare_lives({"-D", "-O"}, Stderr::Terminal);
}

TEST(ErrorLogPlace, InTheForegroundIsTheFile) {
    SKIP_UNLESS_BOTH();
    compare_lives({"-F"}, Stderr::Pipe);
    compare_lives({"-F"}, Stderr::Socket);
}

TEST(ErrorLogPlace, OnATerminalIsTheTerminal) {
    SKIP_UNLESS_BOTH();
    compare_lives({"-F"}, Stderr::Terminal);
}

TEST(ErrorLogPlace, WithOptionOIsStandardError) {
    SKIP_UNLESS_BOTH();
    for (const Stderr kind : {Stderr::File, Stderr::Pipe, Stderr::Socket, Stderr::Terminal})
        compare_lives({"-F", "-O"}, kind);
}

/// What a start says that comes to nothing: on standard error and, once that is open, in the log.
std::string failed_start(LoggedDaemon& daemon, const std::string& option) {
    daemon.start({option});
    return "exit code " + daemon.exit_code() + "\nstandard error:\n" + daemon.errors() + "log:\n" +
           daemon.log();
}

/// The official image's way: both logs are standard error, what workers say comes out as it is.
std::string life_in_a_container(LoggedDaemon& daemon, Stderr kind, const std::string& path) {
    daemon.stderr_is(kind);
    daemon.site().global().set("error_log", path);
    daemon.site().pool().set("access.log", path).set("catch_workers_output", "yes");
    daemon.site().pool().set("decorate_workers_output", "no").set("clear_env", "no");
    daemon.site().script(
        "say.php", "<?php file_put_contents('php://stderr', \"said\\n\"); error_log('logged'); echo 'x';");
    daemon.start({"-F"});
    std::string seen = daemon.ask("/say.php");
    daemon.signal(SIGUSR1);
    (void)daemon.wait_for("access log file re-opened");
    // php-fpm's workers are replaced now: wherever this one is asked, it is asked a new one.
    seen += daemon.ask("/say.php");
    (void)harness::eventually(harness::kPatience, [&] {
        const std::string text = daemon.errors();
        const std::size_t first = text.find("logged");
        return first != text.npos && text.find("logged", first + 1) != text.npos;
    });
    daemon.stop();
    // The order of what several processes write is not certain.
    return seen + "\n" + sorted_lines(masked_recycling(daemon.errors()));
}

void compare_containers(Stderr kind, const std::string& path, bool as_root) {
    compare_daemons(path, [&](LoggedDaemon& daemon) {
        if (!as_root) daemon.run_as(33, 33);
        return life_in_a_container(daemon, kind, path);
    });
}

TEST(ErrorLogPlace, CanBeStandardErrorByItsName) {
    SKIP_UNLESS_BOTH();
    for (const Stderr kind : {Stderr::File, Stderr::Pipe, Stderr::Terminal}) {
        compare_containers(kind, "/proc/self/fd/2", true);
    }
    compare_containers(Stderr::Pipe, "/dev/stderr", true);
    compare_containers(Stderr::Pipe, "/dev/fd/2", true);
}

TEST(ErrorLogPlace, CanBeStandardErrorByItsNameForAnOrdinaryUser) {
    SKIP_UNLESS_BOTH();
    SKIP_UNLESS_ROOT("becomes another user");
    for (const Stderr kind : {Stderr::Pipe, Stderr::Terminal})
        compare_containers(kind, "/proc/self/fd/2", false);
    compare_containers(Stderr::Pipe, "/dev/stderr", false);
}

TEST(ErrorLogPlace, CanBeASocketByItsNameWhichPhpFpmRefuses) {
    SKIP_UNLESS_BOTH();
    LoggedDaemon original(*harness::installed_php_fpm());
    original.stderr_is(Stderr::Socket);
    original.site().global().set("error_log", "/proc/self/fd/2");
    EXPECT_NE(failed_start(original, "-F").find("failed to open error_log"), std::string::npos);
    LoggedDaemon tested(*harness::driven_daemon());
    const std::string seen = life_in_a_container(tested, Stderr::Socket, "/proc/self/fd/2");
    for (const char* text : {"xx\n", "said\nsaid\n", "error log file re-opened", "\"GET /say.php\" 200"})
        EXPECT_NE(seen.find(text), std::string::npos) << text << "\n" << seen;
}

std::size_t count_of(std::string_view part, const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
    return count;
}

/// How many lines of an access log that is standard error by its name come out there, and in the error log.
std::string accesses_around(LoggedDaemon& daemon, const char* option, int signal) {
    constexpr std::string_view access = "GET /say.php";
    daemon.stderr_is(Stderr::Pipe);
    daemon.site().pool().set("access.log", "/dev/stderr");
    daemon.site().script("say.php", "<?php echo 'x';");
    daemon.start({option});
    (void)daemon.ask("/say.php");
    daemon.signal(signal);
    // php-fpm's worker is replaced at a rotation, too.
    const std::size_t replaced = daemon.site().start_options().program.is_phalanx ? 0 : 1;
    (void)harness::eventually(harness::kPatience, [&] {
        const std::string log = daemon.log();
        return signal == SIGUSR2 ? count_of("ready to handle connections", log) == 2
                                 : count_of("access log file re-opened", log) == 1 &&
                                       count_of("exited with code 0", log) == replaced;
    });
    (void)daemon.ask("/say.php");
    (void)harness::eventually(harness::kPatience,
                              [&] { return count_of(access, daemon.errors() + daemon.log()) == 2; });
    daemon.stop();
    return "on standard error " + std::to_string(count_of(access, daemon.errors())) + ", in the log " +
           std::to_string(count_of(access, daemon.log()));
}

TEST(AccessLogPlace, CanBeStandardErrorByItsName) {
    SKIP_UNLESS_BOTH();
    for (const char* option : {"-F", "-D"}) {
        for (const int signal : {SIGUSR1, SIGUSR2}) {
            compare_daemons(std::string(option) + " " + std::to_string(signal),
                            [&](LoggedDaemon& daemon) { return accesses_around(daemon, option, signal); });
        }
    }
}

void compare_failures(const std::string& name, const std::function<void(LoggedDaemon&)>& break_it) {
    for (const char* option : {"-F", "-D", "-t"}) {
        compare_daemons(name + " " + option, [&](LoggedDaemon& daemon) {
            break_it(daemon);
            return failed_start(daemon, option);
        });
    }
}

TEST(ErrorLogPlace, OfAFailedStartIsBoth) {
    SKIP_UNLESS_BOTH();
    compare_failures("no such access log", [](LoggedDaemon& daemon) {
        daemon.site().pool().set("access.log", "/nonexistent/access.log");
    });
    compare_failures("wrong access format",
                     [](LoggedDaemon& daemon) { daemon.site().pool().set("access.format", "\"%Z\""); });
    compare_failures("no workers",
                     [](LoggedDaemon& daemon) { daemon.site().pool().remove("pm.max_children"); });
    compare_failures("unknown entry", [](LoggedDaemon& daemon) { daemon.site().global().set("log", "1"); });
    compare_failures("no such error log", [](LoggedDaemon& daemon) {
        daemon.site().global().set("error_log", "/nonexistent/error.log");
    });
}

TEST(ErrorLogPlace, OfAStartThatFailsLaterIsBoth) {
    SKIP_UNLESS_BOTH();
    for (const char* option : {"-F", "-D"}) {
        compare_daemons("no place to listen", [&](LoggedDaemon& daemon) {
            daemon.site().pool().set("listen", "/nonexistent/www.sock");
            return failed_start(daemon, option);
        });
        compare_daemons("no place for the pid", [&](LoggedDaemon& daemon) {
            daemon.site().global().set("pid", "/nonexistent/pid");
            return failed_start(daemon, option);
        });
    }
}

TEST(ErrorLogPlace, OfATestIsBoth) {
    SKIP_UNLESS_BOTH();
    const auto tested = [](LoggedDaemon& daemon) {
        daemon.start({"-t"});
        (void)daemon.exit_code();
        return daemon.errors() + "log:\n" + daemon.log();
    };
    compare_daemons("a good one", tested);
    compare_daemons("a warning before the log is open", [&](LoggedDaemon& daemon) {
        daemon.site().global().set("include", "/nonexistent*/x.conf");
        return tested(daemon);
    });
    compare_daemons("a notice once it is open", [&](LoggedDaemon& daemon) {
        daemon.site().pool().set("pm", "dynamic").set("pm.max_spare_servers", "1");
        return tested(daemon);
    });
    compare_daemons("nothing above notice", [&](LoggedDaemon& daemon) {
        daemon.site().global().set("log_level", "warning");
        return tested(daemon);
    });
}

TEST(ErrorLogReopening, SaysSoWhenItFails) {
    SKIP_UNLESS_BOTH();
    SKIP_UNLESS_ROOT("becomes another user");
    compare_daemons("a folder that is gone", [](LoggedDaemon& daemon) {
        daemon.run_as(33, 33);
        std::filesystem::create_directory(daemon.file("logs"));
        std::filesystem::permissions(daemon.file("logs"), std::filesystem::perms::all);
        daemon.log_is("logs/error.log");
        daemon.site().pool().set("access.log", daemon.file("logs/access.log").string());
        daemon.start({"-F"});
        std::filesystem::rename(daemon.file("logs"), daemon.file("gone"));
        daemon.signal(SIGUSR1);
        (void)harness::eventually(harness::kPatience, [&] {
            return daemon.log("gone/error.log").find("re-opened access log") != std::string::npos;
        });
        daemon.stop();
        return masked_recycling(daemon.log("gone/error.log"));
    });
}

TEST(ErrorLogLevel, DecidesWhichLinesAreWritten) {
    SKIP_UNLESS_BOTH();
    for (const char* level : {"notice", "warning", "warn", "error", "alert"}) {
        compare_daemons(level, [&](LoggedDaemon& daemon) {
            daemon.site().global().set("log_level", level);
            daemon.site().pool().set("pm.max_children", "2").remove("access.log");
            daemon.site().script("kill.php", "<?php exec('kill -9 ' . getmypid());");
            daemon.start({"-F", "-O"});
            (void)daemon.ask("/kill.php");
            const std::string text = level;
            const bool tells_end = text == "notice" || text.starts_with("warn");
            (void)daemon.wait_for(text == "notice" ? "started" : "exited on signal 9",
                                  tells_end ? harness::kPatience : harness::milliseconds(150));
            daemon.stop();
            return daemon.errors();
        });
    }
}

/// The master's lines of one level, without function, line and what only one program tells.
std::string debug_lines(const std::string& log) {
    std::string text =
        masked(log, {{"[MICROS]", "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9:]{8}\\.[0-9]{6}\\]"},
                     {"FUNCTION(), line N:", "[a-z_A-Z]+\\(\\), line [0-9]+:"},
                     {"pid PID", "pid [0-9]+"}});
    return masked(text, std::vector<Mask>{
                            {"",
                             "\\[MICROS\\] DEBUG: [^\n]*(event module|original STDERR|clock tick|all signals|"
                             "before child birth|child born|in SHM|notify start|SIGCHLD|still alive|sending "
                             "signal|child PID started)[^\n]*\n"}});
}

TEST(ErrorLogLevel, DebugShowsMicrosecondsAndPlaces) {
    SKIP_UNLESS_BOTH();
    compare_daemons("debug", [](LoggedDaemon& daemon) {
        daemon.site().global().set("log_level", "debug");
        daemon.site().pool().remove("access.log");
        daemon.start({"-F", "-O"});
        daemon.signal(SIGUSR1);
        (void)daemon.wait_for("re-opened");
        daemon.stop();
        // Which of the two signals is the first to reach php-fpm's child depends on who is on the processor.
        const std::vector<Mask> masks{{"child PID", "child [0-9]+"},
                                      {"on A SIGNAL", "on signal (9 \\(SIGKILL|15 \\(SIGTERM)\\)"}};
        return debug_lines(masked(daemon.errors(), masks));
    });
}

TEST(ErrorLogLines, FollowTheTimeZone) {
    SKIP_UNLESS_BOTH();
    compare_daemons("time zone", [](LoggedDaemon& daemon) {
        daemon.site().start_options().environment = {{"TZ", "EAST-23:30"}};
        daemon.start({"-F"});
        daemon.stop();
        // The hour and minute that the zone makes of now: it must not be UTC's.
        const std::string log = daemon.log();
        const std::time_t now = std::time(nullptr);
        std::tm there{};
        const std::time_t moved = now + 23 * 3600 + 30 * 60;
        ::gmtime_r(&moved, &there);
        char day[32];
        std::strftime(day, sizeof day, "[%d-%b-%Y %H:", &there);
        return std::string(log.find(day) != log.npos ? "moved" : "not moved");
    });
}

TEST(ErrorLogLines, AreCutAtTwoKilobytesByPhpFpmOnly) {
    SKIP_UNLESS_BOTH();
    const std::string name(3000, 'n');
    const auto said = [&](const harness::DaemonProgram& program) {
        LoggedDaemon daemon(program);
        daemon.site().global().set(name, "1");
        daemon.start({"-t"});
        (void)daemon.exit_code();
        return daemon.errors();
    };
    const std::string original = said(*harness::installed_php_fpm());
    EXPECT_LT(original.substr(0, original.find('\n')).size(), 2048u);
    EXPECT_NE(original.find("nnn...\n"), std::string::npos);
    EXPECT_NE(said(*harness::driven_daemon()).find("unknown entry '" + name + "'\n"), std::string::npos);
}

}  // namespace
}  // namespace phalanx::compat

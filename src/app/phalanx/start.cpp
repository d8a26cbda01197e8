#include "start.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <span>

#include "configuration.hpp"
#include "daemon.hpp"
#include "phalanx/config/dump.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/master/master.hpp"
#include "phalanx/master/upgrade.hpp"
#include "phalanx/os/passed_sockets.hpp"
#include "phalanx/os/process.hpp"
#include "worker_program.hpp"

namespace phalanx::app {
namespace {

log::Level to_log(config::LogLevel level) {
    return static_cast<log::Level>(level);
}
static_assert(static_cast<int>(config::LogLevel::alert) == static_cast<int>(log::Level::alert));

int fail(log::ErrorLog& log) {
    log.error("FPM initialization failed");
    return exit_config;
}

/// php-fpm's rule: a daemon logs to error_log, a process in the foreground too, unless its standard error is
/// a terminal or -O says so.
base::Result<void> choose_target(const CommandLine& line, const config::GlobalSettings& global,
                                 log::ErrorLog& log) {
    if (global.log_level) log.set_level(to_log(*global.log_level));
    const bool to_stderr = !global.daemonize && (line.force_stderr || ::isatty(STDERR_FILENO) == 1);
    if (to_stderr) return {};
    if (global.error_log == "syslog") {
        log.use_syslog(global.syslog_ident, global.syslog_facility);
        return {};
    }
    return log.open_file(global.error_log);
}

int test(const CommandLine& line, const config::Settings& settings, log::ErrorLog& log) {
    if (line.tests > 1) {
        for (const std::string& text : config::dump(settings)) log.notice(text);
    }
    log.notice(fmt::format("configuration file {} test is successful", settings.file));
    // php-fpm 8.2's message ends in a line end of its own.
    log.empty_line();
    return 0;
}

base::Result<void> apply_limits(const config::GlobalSettings& global) {
    // The workers' limit: the master holds the sockets and channels of all pools, and keeps its own.
    if (global.rlimit_files > 0) {
        if (auto allowed = os::allow_files(static_cast<std::uint64_t>(global.rlimit_files)); !allowed)
            return allowed;
    }
    if (global.rlimit_core.is_set()) return os::limit_core(global.rlimit_core.value);
    return {};
}

/// What a reload changes in this process.
base::Result<void> apply(const CommandLine& line, config::GlobalSettings global, bool daemonized,
                         log::ErrorLog& log) {
    global.daemonize = daemonized;
    log.set_level(global.log_level ? to_log(*global.log_level) : log::Level::notice);
    if (auto chosen = choose_target(line, global, log); !chosen) return chosen;
    return apply_limits(global);
}

master::Options options_of(const CommandLine& line, std::string worker_program, bool daemonized,
                           log::ErrorLog& log) {
    return {line.ini_path,
            line.ignore_ini,
            line.extended_info,
            line.ini_defines,
            std::move(worker_program),
            line.arguments,
            [&line] { return read_configuration(line, config::Purpose::start); },
            [&line](const std::string& program) { return list_php_files(program, line); },
            &apply_limits,
            [&line, daemonized, &log](const config::GlobalSettings& global) {
                return apply(line, global, daemonized, log);
            }};
}

void say(log::ErrorLog& log, std::span<const config::Diagnostic> diagnostics) {
    for (const config::Diagnostic& diagnostic : diagnostics)
        log.log(to_log(diagnostic.level), diagnostic.text);
}

/// What this program was executed with.
struct Passed {
    std::optional<os::PassedDescriptor> former;  ///< leads to the former master, in whose place this one runs
    std::optional<master::TriedConfiguration> tried;
    os::PassedSockets sockets;
};

Passed take_passed() {
    Passed passed;
    passed.former = os::take_passed_descriptor(master::former_master_variable, os::PassedKind::socket);
    passed.tried = master::take_tried();
    passed.sockets = os::take_passed_sockets();
    return passed;
}

/// `settings` or, where this program has read and checked them in its trial, passed.tried.
int serve(const CommandLine& line, std::optional<config::Settings> settings, Passed passed,
          log::ErrorLog& log) {
    const auto worker_program = find_worker_program();
    if (!worker_program) {
        log.error(worker_program.error().text());
        return fail(log);
    }
    (void)::signal(SIGPIPE, SIG_IGN);
    const config::GlobalSettings& global = settings ? settings->global : passed.tried->plan.global;
    if (auto limited = apply_limits(global); !limited) {
        log.error(limited.error().text());
        return fail(log);
    }
    const bool daemonize = global.daemonize;
    StartReport report;
    // In the former master's place it is there already.
    if (daemonize && !passed.former) report = go_to_background();
    // php-fpm does that in the foreground, too: signals for a script's whole group are not for its daemon. (A
    // shell with job control has made a group of its own of it, and it stays where it is.)
    if (!daemonize) (void)::setsid();
    os::set_process_title(
        fmt::format("php-fpm: master process ({})", settings ? settings->file : passed.tried->plan.file));

    master::Options options = options_of(line, *worker_program, daemonize, log);
    auto plan = settings ? master::make_plan(*std::move(settings), options, master::facts_of_this_process())
                         : std::move(passed.tried->plan);
    if (!plan) {
        log.error(plan.error().text());
        return fail(log);
    }
    master::Master master(*std::move(plan), std::move(options), log);
    if (auto bound = master.bind(std::move(passed.sockets), std::move(passed.former)); !bound) {
        log.error(bound.error().text());
        return fail(log);
    }
    // For php-fpm start-up is complete here; what goes wrong with the pools' templates is for the caller too.
    log.copy_from(log::Level::warning);
    const int code = master.run([&] {
        log.end_start_up();
        log.take_standard_error(daemonize ? log::ErrorLog::Former::dropped : log::ErrorLog::Former::kept);
        report.succeed();
    });
    return code == exit_config ? fail(log) : code;
}

/// For a master whose program this one has replaced: all that can go wrong in a start short of listening, so
/// that it goes wrong here.
base::Result<void> rehearse(const CommandLine& line, config::LoadResult loaded,
                            const master::TrialOrder& order, log::ErrorLog& log) {
    const auto worker_program = find_worker_program();
    if (!worker_program) return worker_program.error();
    if (auto limited = apply_limits(loaded.settings->global); !limited) return limited;
    const master::Options options = options_of(line, *worker_program, /*daemonized=*/false, log);
    auto plan = master::make_plan(*std::move(loaded.settings), options, order.facts);
    if (!plan) return plan.error();
    for (const std::string& address : master::addresses_of(*plan))
        fmt::print("{}{}\n", master::address_word, address);
    const std::size_t early = loaded.before_error_log.value_or(loaded.diagnostics.size());
    return master::write_tried(order.file, {std::move(loaded.diagnostics), early, *std::move(plan)});
}

int rehearse(const CommandLine& line, const master::TrialOrder& order) {
    fmt::print("{}\n", master::upgrade_word);
    (void)std::fflush(stdout);
    log::ErrorLog log;
    config::LoadResult loaded = read_configuration(line, config::Purpose::start);
    say(log, loaded.diagnostics);
    if (!loaded.settings) return fail(log);
    if (auto rehearsed = rehearse(line, std::move(loaded), order, log); !rehearsed) {
        log.error(rehearsed.error().text());
        return fail(log);
    }
    return 0;
}

/// Says what the reading found, from the right moment on in the log that it names. False: that cannot be had.
bool begin_log(const CommandLine& line, std::span<const config::Diagnostic> diagnostics, std::size_t early,
               const config::GlobalSettings* global, log::ErrorLog& log) {
    say(log, diagnostics.first(early));
    if (global != nullptr) {
        if (auto chosen = choose_target(line, *global, log); !chosen) {
            log.error(chosen.error().text());
            return false;
        }
    }
    say(log, diagnostics.subspan(early));
    return true;
}

}  // namespace

int start(const CommandLine& line) {
    if (const auto order = master::take_trial_order()) return rehearse(line, *order);
    Passed passed = take_passed();
    log::ErrorLog log;
    if (const auto& tried = passed.tried) {
        if (!begin_log(line, tried->diagnostics, tried->early, &tried->plan.global, log)) return fail(log);
        return serve(line, std::nullopt, std::move(passed), log);
    }
    config::LoadResult loaded =
        read_configuration(line, line.tests > 0 ? config::Purpose::test : config::Purpose::start);
    const std::size_t early = loaded.before_error_log.value_or(loaded.diagnostics.size());
    if (!begin_log(line, loaded.diagnostics, early, loaded.log ? &*loaded.log : nullptr, log))
        return fail(log);
    if (!loaded.settings) return fail(log);
    if (line.tests > 0) return test(line, *loaded.settings, log);
    return serve(line, std::move(loaded.settings), std::move(passed), log);
}

}  // namespace phalanx::app

#include "start.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>

#include "daemon.hpp"
#include "phalanx/config/dump.hpp"
#include "phalanx/config/load.hpp"
#include "phalanx/log/access_log.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/master/master.hpp"
#include "phalanx/master/upgrade.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/identity.hpp"
#include "phalanx/os/passed_sockets.hpp"
#include "phalanx/os/process.hpp"
#include "worker_program.hpp"

namespace phalanx::app {
namespace {

constexpr const char* own_config = "/etc/phalanx/phalanx.conf";
constexpr const char* fpm_config = "/etc/php/8.2/fpm/php-fpm.conf";

log::Level to_log(config::LogLevel level) {
    return static_cast<log::Level>(level);
}
static_assert(static_cast<int>(config::LogLevel::alert) == static_cast<int>(log::Level::alert));

/// -y, else what php.ini or -d says of fpm.config, else what is there. A test asks PHP in any case, to hear
/// what it has to say of php.ini.
base::Result<std::string> config_file(const CommandLine& line, PhpEvaluator& evaluator) {
    if (!line.config_file.empty() && line.tests == 0) return line.config_file;
    auto configured = evaluator.evaluate("${fpm.config}");
    if (!configured) return configured.error();
    if (!line.config_file.empty()) return line.config_file;
    if (!configured->empty()) return configured;
    if (!line.prefix.empty()) return line.prefix + "/etc/php-fpm.conf";
    return std::string(::access(own_config, F_OK) == 0 ? own_config : fpm_config);
}

config::IdentityLookup identity_lookup() {
    config::IdentityLookup lookup;
    lookup.user = [](const std::string& name) -> std::optional<config::IdentityLookup::User> {
        const auto entry = os::find_user(name);
        if (!entry) return std::nullopt;
        return config::IdentityLookup::User{entry->uid, entry->gid};
    };
    lookup.primary_group = [](uid_t uid) -> std::optional<gid_t> {
        const auto entry = os::find_user(uid);
        if (!entry) return std::nullopt;
        return entry->gid;
    };
    lookup.group = [](const std::string& name) { return os::find_group(name); };
    return lookup;
}

config::LoadResult load(const CommandLine& line, PhpEvaluator& evaluator) {
    config::LoadOptions options;
    auto file = config_file(line, evaluator);
    if (!file) return {{}, {}, {{config::LogLevel::error, file.error().text()}}, {}};
    options.file = *std::move(file);
    options.prefix = line.prefix;
    options.pid_file = line.pid_file;
    options.daemonize = line.daemonize;
    options.purpose = line.tests > 0 ? config::Purpose::test : config::Purpose::start;
    options.running_as_root = ::geteuid() == 0;
    options.allow_root = line.allow_root;
    options.evaluator = [&evaluator](std::string_view expression) { return evaluator.evaluate(expression); };
    options.identities = identity_lookup();
    options.open_log = config::create_log_file;
    options.check_access_format = [](std::string_view format) -> base::Result<void> {
        const auto parsed = log::AccessFormat::parse(format);
        if (!parsed) return parsed.error();
        return {};
    };
    return config::load(options);
}

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
    if (std::getenv(master::trial_variable) != nullptr) fmt::print("{}\n", master::upgrade_word);
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

config::LoadResult read_configuration(const CommandLine& line) {
    PhpEvaluator evaluator(line);
    return load(line, evaluator);
}

/// What a reload changes in this process.
base::Result<void> apply(const CommandLine& line, config::GlobalSettings global, bool daemonized,
                         log::ErrorLog& log) {
    global.daemonize = daemonized;
    log.set_level(global.log_level ? to_log(*global.log_level) : log::Level::notice);
    if (auto chosen = choose_target(line, global, log); !chosen) return chosen;
    return apply_limits(global);
}

/// What this program was executed with.
struct Passed {
    os::PassedSockets sockets;
    std::optional<os::PassedDescriptor> former;  ///< leads to the former master, in whose place this one runs
};

int serve(const CommandLine& line, config::Settings settings, Passed passed, log::ErrorLog& log) {
    const auto worker_program = find_worker_program();
    if (!worker_program) {
        log.error(worker_program.error().text());
        return fail(log);
    }
    (void)::signal(SIGPIPE, SIG_IGN);
    if (auto limited = apply_limits(settings.global); !limited) {
        log.error(limited.error().text());
        return fail(log);
    }
    const bool daemonize = settings.global.daemonize;
    StartReport report;
    // In the former master's place it is there already.
    if (daemonize && !passed.former) report = go_to_background();
    os::set_process_title(fmt::format("php-fpm: master process ({})", settings.file));

    master::Options options{line.ini_path,
                            line.ignore_ini,
                            line.extended_info,
                            line.ini_defines,
                            *worker_program,
                            line.arguments,
                            [&line] { return read_configuration(line); },
                            [&line](const std::string& program) { return list_ini_files(program, line); },
                            [&line, daemonize, &log](const config::GlobalSettings& global) {
                                return apply(line, global, daemonize, log);
                            }};
    master::Master master(std::move(settings), std::move(options), log);
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

void say(log::ErrorLog& log, std::span<const config::Diagnostic> diagnostics) {
    for (const config::Diagnostic& diagnostic : diagnostics)
        log.log(to_log(diagnostic.level), diagnostic.text);
}

}  // namespace

int start(const CommandLine& line) {
    Passed passed;
    passed.former = os::take_passed_descriptor(master::former_master_variable);
    passed.sockets = os::take_passed_sockets();
    log::ErrorLog log;
    const config::LoadResult loaded = read_configuration(line);
    const std::span diagnostics(loaded.diagnostics);
    const std::size_t early = loaded.before_error_log.value_or(diagnostics.size());
    say(log, diagnostics.first(early));
    if (loaded.log) {
        if (auto chosen = choose_target(line, *loaded.log, log); !chosen) {
            log.error(chosen.error().text());
            return fail(log);
        }
    }
    say(log, diagnostics.subspan(early));
    if (!loaded.settings) return fail(log);
    if (line.tests > 0) return test(line, *loaded.settings, log);
    return serve(line, *loaded.settings, std::move(passed), log);
}

}  // namespace phalanx::app

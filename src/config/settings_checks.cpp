#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "paths.hpp"
#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

constexpr std::int64_t least_log_limit = 512;
constexpr std::chrono::seconds default_systemd_interval{10};

/// Phalanx has epoll alone, but says of the others what php-fpm on Linux says.
bool check_events_mechanism(GlobalSettings& global, const CheckContext& context) {
    if (global.written.count("events.mechanism") == 0) global.events_mechanism = "epoll";
    for (const std::string_view known : {"epoll", "poll", "select"}) {
        if (!base::equal_ignoring_case(global.events_mechanism, known)) continue;
        global.events_mechanism = known;
        return true;
    }
    return context.report.fail(
        fmt::format("event mechanism '{}' is not available on this system", global.events_mechanism));
}

/// php-fpm's rule: a service manager whose watchdog barks after more than two seconds is told the state twice
/// in that time, whatever systemd_interval says.
void complete_monitor_interval(GlobalSettings& global, const CheckContext& context) {
    constexpr std::chrono::seconds least{1};
    const bool is_written =
        global.systemd_interval.count() > 0 && global.written.count("systemd_interval") != 0;
    if (global.systemd_interval.count() < 0) global.systemd_interval = default_systemd_interval;
    const std::string usec = context.environment("WATCHDOG_USEC");
    const auto number = base::parse_unsigned(base::trim(usec));
    constexpr std::uint64_t longest = 1'000'000'000'000'000;  // thirty years
    if (!number || *number > longest) return;
    const std::chrono::milliseconds interval(static_cast<std::int64_t>(*number / 2000));
    if (interval <= least) return;
    if (is_written) context.report.add(LogLevel::warning, "systemd_interval option ignored");
    context.report.add(LogLevel::notice, fmt::format("systemd watchdog configured to {:.3g}sec",
                                                     static_cast<double>(interval.count()) / 1000.0));
    global.watchdog_interval = interval;
    global.systemd_interval = std::chrono::duration_cast<std::chrono::seconds>(interval);
}

bool complete_error_log(GlobalSettings& global, const CheckContext& context, const std::string& base) {
    if (global.written.count("error_log") == 0) global.error_log = "log/php-fpm.log";
    if (base::equal_ignoring_case(global.error_log, "syslog")) {
        global.error_log = "syslog";
        return true;
    }
    global.error_log = absolute_path(base, global.error_log);
    return context.open_log("failed to open error_log ", global.error_log);
}

}  // namespace

bool check_error_log(GlobalSettings& global, const CheckContext& context) {
    const std::string& base =
        context.options.prefix.empty() ? context.options.state_prefix : context.options.prefix;
    const bool has_pid = !global.pid.empty() || global.written.count("pid") != 0;
    if (has_pid) global.pid = absolute_path(base, global.pid);
    if (context.options.daemonize) global.daemonize = *context.options.daemonize;
    if (global.log_limit < least_log_limit) return context.report.fail("log_limit must be greater than 512");
    complete_monitor_interval(global, context);
    if (global.process_max < 0) return context.report.fail("process_max can't be negative");
    if (global.process_priority && (*global.process_priority < -19 || *global.process_priority > 20)) {
        return context.report.fail("process.priority must be included into [-19,20]");
    }
    if (!complete_error_log(global, context, base)) return false;
    context.report.mark();
    return true;
}

namespace {

bool open_access_logs(const Settings& settings, const CheckContext& context) {
    return std::all_of(settings.pools.begin(), settings.pools.end(), [&context](const PoolSettings& pool) {
        const bool wanted = pool.written.count("access.log") != 0;
        return !wanted || context.open_log("failed to open access log ", pool.access_log);
    });
}

bool check_access_formats(const Settings& settings, const CheckContext& context) {
    if (!context.options.check_access_format) return true;
    for (const PoolSettings& pool : settings.pools) {
        if (pool.access_log.empty() || pool.access_format.empty()) continue;
        const auto sound = context.options.check_access_format(pool.access_format);
        if (sound) continue;
        context.report.add(LogLevel::warning, sound.error().text());
        return context.fail(pool, fmt::format("wrong format for access.format '{}'", pool.access_format));
    }
    return true;
}

}  // namespace

bool check_settings(Settings& settings, const CheckContext& context) {
    if (!check_events_mechanism(settings.global, context)) return false;
    if (settings.pools.empty()) {
        return context.report.fail(
            "No pool defined. at least one pool section must be specified in config file");
    }
    for (PoolSettings& pool : settings.pools) {
        if (!check_pool(pool, settings.global, context)) return false;
    }
    for (const PoolSettings& pool : settings.pools) {
        if (pool.written.count("pm.status_listen") == 0 || !pool.pm_status_listen.empty()) continue;
        context.report.add(LogLevel::alert,
                           fmt::format("[pool {}_status] no listen address have been defined!", pool.name));
        return false;
    }
    return check_listen_addresses(settings, context) && open_access_logs(settings, context) &&
           check_access_formats(settings, context);
}

bool check_listen_addresses(const Settings& settings, const CheckContext& context) {
    struct Claim {
        std::string_view address;
        std::string pool;
    };
    std::vector<Claim> claims;
    for (const PoolSettings& pool : settings.pools) claims.push_back({pool.listen, pool.name});
    // php-fpm makes a pool of every status address and puts these behind all others.
    for (const PoolSettings& pool : settings.pools) {
        if (!pool.pm_status_listen.empty()) claims.push_back({pool.pm_status_listen, pool.name + "_status"});
    }
    // It names the first pool whose address occurs again, and the next pool that has it.
    std::unordered_map<std::string_view, std::size_t> owners;
    std::optional<std::pair<std::size_t, std::size_t>> conflict;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const auto [owner, is_free] = owners.emplace(claims[i].address, i);
        if (!is_free && (!conflict || owner->second < conflict->first)) conflict.emplace(owner->second, i);
    }
    if (!conflict) return true;
    return context.report.fail(
        fmt::format("[pool {}] unable to set listen address as it's already used in another pool '{}'",
                    claims[conflict->second].pool, claims[conflict->first].pool));
}

}  // namespace phalanx::config

#include <fmt/format.h>

#include "checks.hpp"
#include "phalanx/base/ids.hpp"

namespace phalanx::config {
namespace {

bool alert(const PoolSettings& pool, const CheckContext& context, const std::string& text) {
    return context.fail(pool, LogLevel::alert, text);
}

/// pm.start_servers, which when it is missing lies half-way between the spare counts.
bool complete_start_servers(PoolSettings& pool, const CheckContext& context) {
    const auto least = pool.pm_min_spare_servers;
    const auto most = pool.pm_max_spare_servers;
    if (pool.pm_start_servers <= 0) {
        pool.pm_start_servers = least + (most - least) / 2;
        context.report.add(LogLevel::notice,
                           fmt::format("[pool {}] pm.start_servers is not set. It's been set to {}.",
                                       pool.name, pool.pm_start_servers));
        return true;
    }
    if (pool.pm_start_servers >= least && pool.pm_start_servers <= most) return true;
    return alert(
        pool, context,
        fmt::format("pm.start_servers({}) must not be less than pm.min_spare_servers({}) and not greater "
                    "than pm.max_spare_servers({})",
                    pool.pm_start_servers, least, most));
}

bool check_dynamic(PoolSettings& pool, const CheckContext& context) {
    const auto least = pool.pm_min_spare_servers;
    const auto most = pool.pm_max_spare_servers;
    const auto children = pool.pm_max_children;
    if (least <= 0) {
        return alert(pool, context, fmt::format("pm.min_spare_servers({}) must be a positive value", least));
    }
    if (most <= 0) {
        return alert(pool, context, fmt::format("pm.max_spare_servers({}) must be a positive value", most));
    }
    if (least > children || most > children) {
        return alert(
            pool, context,
            fmt::format("pm.min_spare_servers({}) and pm.max_spare_servers({}) cannot be greater than "
                        "pm.max_children({})",
                        least, most, children));
    }
    if (most < least) {
        return alert(pool, context,
                     fmt::format("pm.max_spare_servers({}) must not be less than pm.min_spare_servers({})",
                                 most, least));
    }
    if (!complete_start_servers(pool, context)) return false;
    return pool.pm_max_spawn_rate >= 1 || alert(pool, context, "pm.max_spawn_rate must be a positive value");
}

bool check_ondemand(PoolSettings& pool, const GlobalSettings& global, const CheckContext& context) {
    if (global.events_mechanism != "epoll") {
        return alert(
            pool, context,
            "ondemand process manager can ONLY be used when events.mechanism is either epoll (Linux) or "
            "kqueue (*BSD).");
    }
    // They are another manager's, and -tt shows that.
    pool.pm_start_servers = pool.pm_min_spare_servers = pool.pm_max_spare_servers = 0;
    if (pool.pm_process_idle_timeout.count() < 1) {
        return alert(pool, context,
                     fmt::format("pm.process_idle_timeout({}s) must be greater than 0s",
                                 pool.pm_process_idle_timeout.count()));
    }
    constexpr std::int64_t least_backlog = -1;
    if (pool.listen_backlog < least_backlog) {
        context.report.add(
            LogLevel::warning,
            fmt::format("[pool {}] listen.backlog({}) was too low for the ondemand process manager. I "
                        "updated it for you to {}.",
                        pool.name, pool.listen_backlog, least_backlog));
        pool.listen_backlog = least_backlog;
    }
    return true;
}

}  // namespace

bool check_process_manager(PoolSettings& pool, const GlobalSettings& global, const CheckContext& context) {
    if (pool.written.count("pm") == 0) {
        return alert(pool, context, "the process manager is missing (static, dynamic or ondemand)");
    }
    if (pool.pm_max_children < 1) return alert(pool, context, "pm.max_children must be a positive value");
    if (pool.pm_max_children > static_cast<std::int64_t>(base::max_workers_per_pool)) {
        return alert(pool, context,
                     fmt::format("pm.max_children({}) must not be greater than {}", pool.pm_max_children,
                                 base::max_workers_per_pool));
    }
    switch (pool.pm) {
        case ProcessManager::static_size:
            return true;
        case ProcessManager::dynamic:
            return check_dynamic(pool, context);
        case ProcessManager::ondemand:
            return check_ondemand(pool, global, context);
    }
    return true;
}

}  // namespace phalanx::config

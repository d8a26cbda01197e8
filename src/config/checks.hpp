#pragma once

#include <functional>
#include <string>

#include "phalanx/config/load.hpp"
#include "report.hpp"

namespace phalanx::config {

/// What completing and checking settings needs besides them. Every check returns false after an error, which
/// is then the last thing reported: php-fpm stops at the first.
struct CheckContext {
    const LoadOptions& options;
    Report& report;
    /// A variable of the environment, empty where it is not set.
    std::function<std::string(const std::string& name)> environment;

    /// -p or what stands for it.
    [[nodiscard]] const std::string& base_dir() const {
        return options.prefix.empty() ? options.default_prefix : options.prefix;
    }
    [[nodiscard]] bool fail(const PoolSettings& pool, LogLevel level, const std::string& text) const {
        report.add(level, "[pool " + pool.name + "] " + text);
        return false;
    }
    [[nodiscard]] bool fail(const PoolSettings& pool, const std::string& text) const {
        return fail(pool, LogLevel::error, text);
    }
    /// Opens a log file by way of the options; complains in php-fpm's form "COMPLAINT(PATH): WHY".
    [[nodiscard]] bool open_log(const std::string& complaint, const std::string& path) const;
};

/// Completes and checks what of [global] php-fpm looks at before it opens error_log, and opens that.
[[nodiscard]] bool check_error_log(GlobalSettings& global, const CheckContext& context);

/// After that: completes and checks the rest of [global], then the pools one by one, then what concerns
/// several of them; opens the other log files on the way.
[[nodiscard]] bool check_settings(Settings& settings, const CheckContext& context);

/// One pool by itself, in php-fpm's order (pool_checks.cpp, process_manager_checks.cpp).
[[nodiscard]] bool check_pool(PoolSettings& pool, const GlobalSettings& global, const CheckContext& context);
[[nodiscard]] bool check_process_manager(PoolSettings& pool, const GlobalSettings& global,
                                         const CheckContext& context);

/// What php-fpm does not know (own_checks.cpp): each value within its range.
[[nodiscard]] bool check_own_directives(const PoolSettings& pool, const CheckContext& context);

/// Every address, also of status pages, must be one pool's alone.
[[nodiscard]] bool check_listen_addresses(const Settings& settings, const CheckContext& context);

/// Users and groups, by the purpose of the load.
[[nodiscard]] bool check_identities(const Settings& settings, const CheckContext& context);

}  // namespace phalanx::config

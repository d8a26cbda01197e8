#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "checks.hpp"
#include "paths.hpp"
#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

bool is_written(const PoolSettings& pool, std::string_view name) {
    return pool.written.count(name) != 0;
}

/// Base of the pool's relative paths. A prefix that is written but empty counts.
const std::string& base_of(const PoolSettings& pool, const CheckContext& context) {
    return is_written(pool, "prefix") ? pool.prefix : context.base_dir();
}

bool check_prefix(PoolSettings& pool, const CheckContext& context) {
    if (pool.prefix.empty()) return true;
    pool.prefix = absolute_path(context.base_dir(), pool.prefix);
    if (is_directory(pool.prefix)) return true;
    return context.fail(pool,
                        fmt::format("the prefix '{}' does not exist or is not a directory", pool.prefix));
}

bool check_user(const PoolSettings& pool, const CheckContext& context) {
    const LoadOptions& options = context.options;
    if (!options.running_as_root || options.allow_root || is_written(pool, "user")) return true;
    return context.fail(pool, LogLevel::alert, "user has not been defined");
}

void complete_address(std::string& address, const std::string& base) {
    if (!address.empty() && is_unix_address(address)) address = absolute_path(base, address);
}

bool check_listen(PoolSettings& pool, const CheckContext& context) {
    if (pool.listen.empty()) {
        return context.fail(pool, LogLevel::alert, "no listen address have been defined!");
    }
    complete_address(pool.listen, base_of(pool, context));
    if (pool.process_priority && (*pool.process_priority < -19 || *pool.process_priority > 20)) {
        return context.fail(pool, "process.priority must be included into [-19,20]");
    }
    return true;
}

/// The path of the status or the ping page.
bool check_page(const PoolSettings& pool, std::string_view page, const std::string& path,
                std::size_t least_length, const CheckContext& context) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("/_-.~").find(c) != std::string_view::npos;
    };
    if (!path.starts_with('/')) {
        return context.fail(pool, fmt::format("the {} path '{}' must start with a '/'", page, path));
    }
    if (path.size() < least_length) {
        return context.fail(pool, fmt::format("the {} path '{}' is not long enough", page, path));
    }
    if (std::all_of(path.begin(), path.end(), is_allowed)) return true;
    return context.fail(pool, fmt::format("the {} path '{}' must contain only the following characters "
                                          "'[alphanum]/_-.~'",
                                          page, path));
}

bool check_status(PoolSettings& pool, const CheckContext& context) {
    const bool has_listener = is_written(pool, "pm.status_listen");
    if (has_listener && !is_written(pool, "pm.status_path")) pool.pm_status_path = "/";
    complete_address(pool.pm_status_listen, base_of(pool, context));
    if (pool.pm_status_path.empty()) return true;
    return check_page(pool, "status", pool.pm_status_path, has_listener ? 1 : 2, context);
}

bool check_ping(PoolSettings& pool, const CheckContext& context) {
    if (pool.ping_path.empty()) {
        pool.ping_response.clear();
        pool.written.erase("ping.response");
        return true;
    }
    if (!check_page(pool, "ping", pool.ping_path, 2, context)) return false;
    if (!is_written(pool, "ping.response")) pool.ping_response = "pong";
    if (!pool.ping_response.empty()) return true;
    return context.fail(pool,
                        fmt::format("the ping response page '{}' is not long enough", pool.ping_response));
}

void complete_access_log(PoolSettings& pool, const CheckContext& context) {
    if (pool.access_log.empty()) return;
    pool.access_log = absolute_path(base_of(pool, context), pool.access_log);
    if (!is_written(pool, "access.format")) pool.access_format = "%R - %u %t \"%m %r\" %s";
}

bool check_slow_log(PoolSettings& pool, const CheckContext& context) {
    const auto missing = [&](std::string_view directive) {
        return context.fail(pool, fmt::format("'slowlog' must be specified for use with '{}'", directive));
    };
    if (!pool.slowlog.empty()) pool.slowlog = absolute_path(base_of(pool, context), pool.slowlog);
    const auto slow = pool.request_slowlog_timeout.count();
    const auto limit = pool.request_terminate_timeout.count();
    if (slow != 0) {
        if (pool.slowlog.empty()) return missing("request_slowlog_timeout");
        if (!context.open_log("Unable to create or open slowlog", pool.slowlog)) return false;
        if (limit != 0 && slow > limit) {
            return context.fail(pool, fmt::format("'request_slowlog_timeout' ({}) can't be greater than "
                                                  "'request_terminate_timeout' ({})",
                                                  slow, limit));
        }
    }
    if (!is_written(pool, "request_slowlog_trace_depth")) return true;
    auto& depth = pool.request_slowlog_trace_depth;
    if (depth == 0)
        depth = PoolSettings{}.request_slowlog_trace_depth;  // so does php-fpm
    else if (pool.slowlog.empty())
        return missing("request_slowlog_trace_depth");
    if (depth > 0) return true;
    return context.fail(pool,
                        fmt::format("'request_slowlog_trace_depth' ({}) must be a positive value", depth));
}

/// "chroot" alone may begin with "$prefix".
void complete_chroot(PoolSettings& pool, const CheckContext& context) {
    constexpr std::string_view variable = "$prefix";
    const std::string& base = base_of(pool, context);
    const std::size_t at = pool.chroot.find(variable);
    if (at == 0) {
        const std::string behind = pool.chroot.substr(variable.size());
        pool.chroot = behind.empty() ? base : base + "/" + behind;
    } else if (at != std::string::npos) {
        context.report.add(LogLevel::error, "'$prefix' must be use at the beginning of the value");
    } else {
        pool.chroot = absolute_path(base, pool.chroot);
    }
}

bool check_chroot(PoolSettings& pool, const CheckContext& context) {
    if (pool.chroot.empty()) return true;
    complete_chroot(pool, context);
    if (!pool.chroot.starts_with('/')) {
        return context.fail(pool, fmt::format("the chroot path '{}' must start with a '/'", pool.chroot));
    }
    if (is_directory(pool.chroot)) return true;
    return context.fail(
        pool, fmt::format("the chroot path '{}' does not exist or is not a directory", pool.chroot));
}

bool check_chdir(PoolSettings& pool, const CheckContext& context) {
    if (pool.chdir.empty()) return true;
    pool.chdir = absolute_path(base_of(pool, context), pool.chdir);
    if (!pool.chdir.starts_with('/')) {
        return context.fail(pool, fmt::format("the chdir path '{}' must start with a '/'", pool.chdir));
    }
    if (pool.chroot.empty()) {
        if (is_directory(pool.chdir)) return true;
        return context.fail(
            pool, fmt::format("the chdir path '{}' does not exist or is not a directory", pool.chdir));
    }
    const std::string inside = pool.chroot + "/" + pool.chdir;
    if (is_directory(inside)) return true;
    return context.fail(
        pool, fmt::format("the chdir path '{}' within the chroot path '{}' ('{}') does not exist or "
                          "is not a directory",
                          pool.chdir, pool.chroot, inside));
}

/// The php.ini values that are paths and so count from the pool's base.
void complete_php_paths(PoolSettings& pool, const CheckContext& context) {
    constexpr std::array<std::string_view, 14> paths{
        "error_log",
        "extension_dir",
        "sendmail_path",
        "session.cookie_path",
        "session_pgsql.sem_file_name",
        "soap.wsdl_cache_dir",
        "uploadprogress.file.filename_template",
        "xdebug.output_dir",
        "xdebug.profiler_output_dir",
        "xdebug.trace_output_dir",
        "xmms.path",
        "axis2.client_home",
        "blenc.key_file",
        "coin_acceptor.device",
    };
    if (!pool.chroot.empty()) return;
    for (PhpValue& entry : pool.php_values) {
        const auto has_name = [&entry](std::string_view path) {
            return base::equal_ignoring_case(path, entry.name);
        };
        if (std::none_of(paths.begin(), paths.end(), has_name)) continue;
        const bool is_syslog = entry.kind == PhpValue::Kind::admin_value && has_name("error_log") &&
                               base::equal_ignoring_case(entry.value, "syslog");
        if (!is_syslog) entry.value = absolute_path(base_of(pool, context), entry.value);
    }
}

void complete_environment(PoolSettings& pool, const CheckContext& context) {
    for (NamedValue& variable : pool.env) {
        if (variable.written.starts_with('$'))
            variable.value = context.environment(variable.written.substr(1));
    }
}

}  // namespace

bool CheckContext::open_log(const std::string& complaint, const std::string& path) const {
    if (!options.open_log) return true;
    const auto opened = options.open_log(path);
    if (opened) return true;
    return report.fail(base::Error{fmt::format("{}({})", complaint, path), opened.error().code}.text());
}

bool check_pool(PoolSettings& pool, const GlobalSettings& global, const CheckContext& context) {
    pool.listen_allowed_clients_set = is_written(pool, "listen.allowed_clients");
    if (!check_prefix(pool, context) || !check_user(pool, context) || !check_listen(pool, context))
        return false;
    if (!check_process_manager(pool, global, context)) return false;
    if (!check_status(pool, context) || !check_ping(pool, context)) return false;
    complete_access_log(pool, context);
    if (!check_slow_log(pool, context)) return false;
    if (!check_chroot(pool, context) || !check_chdir(pool, context)) return false;
    if (!check_own_directives(pool, context)) return false;
    complete_php_paths(pool, context);
    complete_environment(pool, context);
    return true;
}

}  // namespace phalanx::config

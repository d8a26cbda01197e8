#include <fmt/format.h>

#include "checks.hpp"
#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

bool is_number(const std::string& name) {
    return base::parse_unsigned(name).has_value();
}

/// Whether a user by that name may be there: a number and nothing at all are not looked up.
bool user_exists(const std::string& name, const IdentityLookup& lookup) {
    return name.empty() || is_number(name) || !lookup.user || lookup.user(name).has_value();
}

bool group_exists(const std::string& name, const IdentityLookup& lookup) {
    return name.empty() || is_number(name) || !lookup.group || lookup.group(name).has_value();
}

bool check_worker_identity(const PoolSettings& pool, const CheckContext& context) {
    const IdentityLookup& lookup = context.options.identities;
    if (!user_exists(pool.user, lookup)) {
        return context.fail(pool, fmt::format("cannot get uid for user '{}'", pool.user));
    }
    if (!group_exists(pool.group, lookup)) {
        return context.fail(pool, fmt::format("cannot get gid for group '{}'", pool.group));
    }
    return true;
}

/// php-fpm appends an errno here that nothing has set.
bool check_socket_identity(const PoolSettings& pool, const CheckContext& context) {
    const IdentityLookup& lookup = context.options.identities;
    if (!user_exists(pool.listen_owner, lookup)) {
        return context.fail(pool,
                            fmt::format("cannot get uid for user '{}': Success (0)", pool.listen_owner));
    }
    if (!group_exists(pool.listen_group, lookup)) {
        return context.fail(pool,
                            fmt::format("cannot get gid for group '{}': Success (0)", pool.listen_group));
    }
    return true;
}

/// Workers run as root only by -R. What is not known counts as root, as in php-fpm.
bool check_not_root(const PoolSettings& pool, const CheckContext& context) {
    const IdentityLookup& lookup = context.options.identities;
    IdentityLookup::User user;
    if (is_number(pool.user)) {
        user.uid = static_cast<uid_t>(*base::parse_unsigned(pool.user));
        if (lookup.primary_group) user.gid = lookup.primary_group(user.uid).value_or(0);
    } else if (!pool.user.empty() && lookup.user) {
        user = lookup.user(pool.user).value_or(IdentityLookup::User{});
    }
    if (is_number(pool.group))
        user.gid = static_cast<gid_t>(*base::parse_unsigned(pool.group));
    else if (!pool.group.empty() && lookup.group)
        user.gid = lookup.group(pool.group).value_or(0);
    if (user.uid != 0 && user.gid != 0) return true;
    return context.fail(pool, "please specify user and group other than root");
}

void notice_ignored(const PoolSettings& pool, const CheckContext& context) {
    const auto notice = [&](std::string_view directive) {
        context.report.add(LogLevel::notice,
                           fmt::format("[pool {}] '{}' directive is ignored when FPM is not running as root",
                                       pool.name, directive));
    };
    if (!pool.user.empty()) notice("user");
    if (!pool.group.empty()) notice("group");
    if (!pool.chroot.empty()) notice("chroot");
    if (pool.process_priority) notice("process.priority");
}

}  // namespace

bool check_identities(const Settings& settings, const CheckContext& context) {
    const LoadOptions& options = context.options;
    const bool is_test = options.purpose == Purpose::test;
    if (!is_test && !options.running_as_root && settings.global.process_priority) {
        context.report.add(LogLevel::notice,
                           "'process.priority' directive is ignored when FPM is not running as root");
    }
    for (const PoolSettings& pool : settings.pools) {
        if (is_test) {
            if (!check_worker_identity(pool, context) || !check_socket_identity(pool, context)) return false;
        } else if (!options.running_as_root) {
            notice_ignored(pool, context);
        } else {
            if (!check_worker_identity(pool, context)) return false;
            if (!options.allow_root && !check_not_root(pool, context)) return false;
        }
    }
    return true;
}

}  // namespace phalanx::config

#include "phalanx/os/identity.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "phalanx/base/parse.hpp"

namespace phalanx::os {
namespace {

using base::Error;
using base::Result;
using base::system_error;

/// setuid(2) and its like take this number for "leave it as it is", which would leave root; greater ones are
/// none.
constexpr std::uint32_t no_id = 0xffffffff;

std::optional<UserEntry> entry_of(const passwd* found) {
    if (found == nullptr) return std::nullopt;
    return UserEntry{found->pw_name, found->pw_dir, found->pw_uid, found->pw_gid};
}

std::vector<gid_t> groups_of(const std::string& user, gid_t gid) {
    std::vector<gid_t> groups(32);
    int count = static_cast<int>(groups.size());
    while (::getgrouplist(user.c_str(), gid, groups.data(), &count) < 0) {
        groups.resize(groups.size() * 2);
        count = static_cast<int>(groups.size());
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

}  // namespace

std::optional<UserEntry> find_user(const std::string& name) {
    return entry_of(::getpwnam(name.c_str()));
}

std::optional<UserEntry> find_user(uid_t uid) {
    return entry_of(::getpwuid(uid));
}

std::optional<gid_t> find_group(const std::string& name) {
    const group* found = ::getgrnam(name.c_str());
    if (found == nullptr) return std::nullopt;
    return found->gr_gid;
}

Result<Identity> resolve_identity(const std::string& user, const std::string& group) {
    Identity identity;
    const auto is_no_id = [](std::uint64_t number) { return number >= no_id; };
    if (user.empty()) {
        identity = current_identity();
    } else if (const auto number = base::parse_unsigned(user)) {
        if (is_no_id(*number)) return Error{fmt::format("cannot get uid for user '{}'", user)};
        identity.uid = static_cast<uid_t>(*number);
        if (const auto entry = find_user(identity.uid)) identity.gid = entry->gid;
    } else {
        const auto entry = find_user(user);
        if (!entry) return Error{fmt::format("cannot get uid for user '{}'", user)};
        identity = Identity{entry->uid, entry->gid, {}, entry->name, entry->home};
    }
    if (!group.empty()) {
        if (const auto number = base::parse_unsigned(group)) {
            if (is_no_id(*number)) return Error{fmt::format("cannot get gid for group '{}'", group)};
            identity.gid = static_cast<gid_t>(*number);
        } else if (const auto gid = find_group(group)) {
            identity.gid = *gid;
        } else {
            return Error{fmt::format("cannot get gid for group '{}'", group)};
        }
    }
    if (!identity.user.empty()) identity.groups = groups_of(identity.user, identity.gid);
    // Never more than that: the caller's own groups may be root's.
    if (identity.groups.empty()) identity.groups = {identity.gid};
    return identity;
}

Identity current_identity() {
    Identity identity;
    identity.uid = ::geteuid();
    identity.gid = ::getegid();
    return identity;
}

Result<void> become(const Identity& identity) {
    if (identity.uid == no_id || identity.gid == no_id) return Error{"-1 is no user and no group"};
    if (::setgroups(identity.groups.size(), identity.groups.data()) != 0) {
        return system_error(fmt::format("failed to initgroups({}, {})", identity.user, identity.gid));
    }
    if (::setresgid(identity.gid, identity.gid, identity.gid) != 0) {
        return system_error(fmt::format("failed to setgid({})", identity.gid));
    }
    if (::setresuid(identity.uid, identity.uid, identity.uid) != 0) {
        return system_error(fmt::format("failed to setuid({})", identity.uid));
    }
    return {};
}

}  // namespace phalanx::os

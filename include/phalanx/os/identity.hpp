#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/base/result.hpp"

namespace phalanx::os {

/// An entry of the user database.
struct UserEntry {
    std::string name;
    std::string home;
    uid_t uid = 0;
    gid_t gid = 0;
};
[[nodiscard]] std::optional<UserEntry> find_user(const std::string& name);
[[nodiscard]] std::optional<UserEntry> find_user(uid_t uid);
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);

/// Who a pool's processes are: numbers only, so that nothing is looked up after the start.
struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< supplementary groups
    std::string user;           ///< empty where the user was given by number
    std::string home;
};

/// php-fpm's "user" and "group", names or numbers; an empty group is the user's own. The supplementary groups
/// come from the user's name; a number without an entry has only its gid.
[[nodiscard]] base::Result<Identity> resolve_identity(const std::string& user, const std::string& group);

/// The identity the caller has now.
[[nodiscard]] Identity current_identity();

/// Becomes that identity for good: groups, gid, uid, real, effective and saved. Needs root.
[[nodiscard]] base::Result<void> become(const Identity& identity);

}  // namespace phalanx::os

#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "phalanx/base/result.hpp"

namespace phalanx::os {

/// Who else may read and write a file (acl(5); php-fpm: listen.acl_users, listen.acl_groups).
struct AccessList {
    std::vector<uid_t> users;
    std::vector<gid_t> groups;
    [[nodiscard]] bool empty() const { return users.empty() && groups.empty(); }
};

/// Adds them to a socket's access control list; its mode bits stay. Errors in php-fpm's words, such as of a
/// file system without such lists.
[[nodiscard]] base::Result<void> grant_socket_access(const std::string& path, const AccessList& list);

}  // namespace phalanx::os

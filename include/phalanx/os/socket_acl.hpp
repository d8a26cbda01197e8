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

/// Adds them to the access control list of a socket's file; its mode bits stay. `file` is that very file
/// (O_PATH): its path may mean another one by now, where others may write to its folder. `path` is for the
/// errors, which are php-fpm's words, such as of a file system without such lists.
[[nodiscard]] base::Result<void> grant_socket_access(int file, const std::string& path,
                                                     const AccessList& list);

}  // namespace phalanx::os

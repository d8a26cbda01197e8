#pragma once

#include <string>

#include "phalanx/base/result.hpp"

namespace phalanx::os {

// php-fpm's "pid": a file with the master's process number. Its folder may be another user's (Debian's
// /run/php is www-data's), who could put a link to any file in its place: nothing is ever written through
// what is there, it is replaced.

/// Makes the file anew, with this process's number in it (mode 0644). A device is written to, and a regular
/// file with one name where it cannot be replaced (a mount point, a folder of somebody else's).
[[nodiscard]] base::Result<void> write_pid_file(const std::string& path);
/// Whether there is a regular file of this user's at the path.
[[nodiscard]] bool is_own_pid_file(const std::string& path);
/// Removes it, unless it is a device.
[[nodiscard]] base::Result<void> remove_pid_file(const std::string& path);
/// Whether two paths lead to the same file: /var/run is mostly /run.
[[nodiscard]] bool are_same_file(const std::string& one, const std::string& other);

}  // namespace phalanx::os

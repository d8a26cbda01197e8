#pragma once

#include <sys/socket.h>

namespace phalanx::os {

/// The number that socket(7)'s option `name` has; -1 where `fd` is no socket, or has no such option.
[[nodiscard]] inline int socket_option(int fd, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace phalanx::os

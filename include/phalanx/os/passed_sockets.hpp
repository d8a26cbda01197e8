#pragma once

#include <string>
#include <vector>

#include "phalanx/os/listen_socket.hpp"

namespace phalanx::os {

/// A listening socket that this program was started with.
struct PassedSocket {
    ListenSocket socket;
    std::string name;  ///< what the service manager calls it; empty where nobody has given it a name
};

struct PassedSockets {
    std::vector<PassedSocket> sockets;
    std::vector<std::string> complaints;  ///< about what was passed and is no listening socket: it is closed
};

/// Takes what the service manager (LISTEN_FDS, sd_listen_fds(3)) or whoever knows php-fpm's way
/// (FPM_SOCKETS=ADDRESS=FD,...) has passed to this process, and removes the variables that say so: nobody is
/// to take it a second time. Sockets that were stored for us are ours again, all others are lent. Call before
/// the process opens anything.
[[nodiscard]] PassedSockets take_passed_sockets();

/// A socket to pass on.
struct SocketToPass {
    int fd;
    std::string address;  ///< bound_name()
    std::string name;     ///< PassedSocket::name; of those that are ours, stored_name()
};
/// The variables ("NAME=value") by which a program that is executed with these descriptors finds them:
/// php-fpm's, and one of our own that adds the names.
[[nodiscard]] std::vector<std::string> variables_for(const std::vector<SocketToPass>& sockets);

}  // namespace phalanx::os

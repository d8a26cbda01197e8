#pragma once

#include <string>

#include "phalanx/os/listen_socket.hpp"

namespace phalanx::os {

/// True where a service manager gave us a socket for notices (NOTIFY_SOCKET, sd_notify(3)).
[[nodiscard]] bool has_service_manager();

/// Sends newline-separated assignments such as "READY=1", and a descriptor with them where one is given.
/// Never waits: false when the manager could not be told, also because it has not read what it was told
/// before.
bool notify_service_manager(const std::string& assignments, int fd = -1);

/// The name under which the service manager keeps a listening socket of ours (FDNAME): the same one again
/// after it has been given back.
[[nodiscard]] std::string stored_name(const ListenSocket& socket);
/// Whether a passed socket's name is such a one.
[[nodiscard]] bool is_stored_name(const std::string& name);

}  // namespace phalanx::os

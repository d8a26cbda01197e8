#pragma once

#include <string>

namespace phalanx::os {

/// True where a service manager gave us a socket for notices (NOTIFY_SOCKET, sd_notify(3)).
[[nodiscard]] bool has_service_manager();

/// Sends newline-separated assignments such as "READY=1". False: the manager could not be told.
bool notify_service_manager(const std::string& assignments);

}  // namespace phalanx::os

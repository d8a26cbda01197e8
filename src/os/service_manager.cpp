#include "phalanx/os/service_manager.hpp"

#include <systemd/sd-daemon.h>

#include <cstdlib>

namespace phalanx::os {

bool has_service_manager() {
    return std::getenv("NOTIFY_SOCKET") != nullptr;
}

bool notify_service_manager(const std::string& assignments) {
    return ::sd_notify(/*unset_environment=*/0, assignments.c_str()) > 0;
}

}  // namespace phalanx::os

#include "phalanx/os/apparmor.hpp"

#include <fmt/format.h>
#include <sys/apparmor.h>

#include <cstdlib>
#include <memory>

namespace phalanx::os {

base::Result<void> enter_apparmor_hat(const std::string& hat) {
    char* label = nullptr;
    char* mode = nullptr;
    if (::aa_getcon(&label, &mode) == -1) {
        return base::system_error(
            "failed to query apparmor confinement. Please check if \"/proc/*/attr/current\" is read and "
            "writeable.");
    }
    // The mode lies in the same memory.
    const std::unique_ptr<char, decltype(&std::free)> owner(label, &std::free);
    const std::string profile = fmt::format("{}//{}", label, hat);
    if (::aa_change_profile(profile.c_str()) == -1) {
        return base::system_error(fmt::format(
            "failed to change to new confinement ({}). Please check if \"/proc/*/attr/current\" is "
            "read and writeable and \"change_profile -> {}//*\" is allowed.",
            profile, label));
    }
    return {};
}

}  // namespace phalanx::os

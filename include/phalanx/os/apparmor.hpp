#pragma once

#include <string>

#include "phalanx/base/result.hpp"

namespace phalanx::os {

/// Changes to a hat of the AppArmor profile that confines this process, for good (php-fpm: apparmor_hat). An
/// Error, in php-fpm's words, where AppArmor is not there or does not allow it.
[[nodiscard]] base::Result<void> enter_apparmor_hat(const std::string& hat);

}  // namespace phalanx::os

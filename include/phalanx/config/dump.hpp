#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "phalanx/config/settings.hpp"

namespace phalanx::config {

/// The texts of the lines that php-fpm's -tt logs at level notice, from "[global]" to the line of one blank
/// behind the last pool.
[[nodiscard]] std::vector<std::string> dump(const Settings& settings);

/// php-fpm's name of a level in its log lines: DEBUG, NOTICE, WARNING, ERROR, ALERT.
[[nodiscard]] std::string_view level_name(LogLevel level);

}  // namespace phalanx::config

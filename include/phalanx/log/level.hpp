#pragma once

#include <cstdint>
#include <string_view>

namespace phalanx::log {

/// php-fpm's five levels of the error log ("log_level"), least severe first.
enum class Level : std::uint8_t { debug, notice, warning, error, alert };

/// The word a line has for its level, "DEBUG" to "ALERT".
[[nodiscard]] std::string_view level_name(Level level);

}  // namespace phalanx::log

#pragma once

#include <array>
#include <string_view>

namespace phalanx::log {

/// As log lines name them, whatever the locale.
inline constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace phalanx::log

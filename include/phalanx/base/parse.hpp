#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace phalanx::base {

/// Digits only, the whole text, no overflow; nothing for anything else (also for an empty text).
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);

/// An optional minus and digits, the whole text; empty and "-" are 0, as php-fpm's integers are. Values past
/// 64 bits are held at the nearest end.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// php-fpm's time value: a decimal that ends in s, m, h or d (lower case; none is seconds), read the way
/// atoi reads ("1.5h" is one hour, "m" is 0). Nothing for an empty text or an unknown suffix.
[[nodiscard]] std::optional<std::chrono::seconds> parse_seconds(std::string_view text);

/// Octal digits up to 07777; nothing for anything else.
[[nodiscard]] std::optional<std::uint32_t> parse_octal_mode(std::string_view text);

/// Whether PHP takes an ini entry's value for true: "on", "yes", "true" in any case, or what atoi reads as a
/// number other than 0.
[[nodiscard]] bool is_ini_true(std::string_view text);

/// Compares without regard to the case of ASCII letters.
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right);

/// The text without blanks, tabs and line ends at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace phalanx::base

#pragma once

#include <cstddef>
#include <string_view>

#include "phalanx/log/escape.hpp"

namespace phalanx::log {

/// The piece of a text that is either escaped as a whole or stays as it is, and that no cut may divide: a
/// byte or a character of UTF-8.
struct Unit {
    std::size_t length;  ///< bytes in the text
    bool escaped;

    /// Bytes it takes once written.
    [[nodiscard]] std::size_t written_length() const { return escaped ? 4 * length : length; }
};

/// The longest unit in bytes.
inline constexpr std::size_t max_unit_length = 4;

/// The unit a text begins with. The text must not be empty.
[[nodiscard]] Unit first_unit(std::string_view text, Escaping escaping);

void append_unit(std::string& out, std::string_view bytes, Unit unit);

}  // namespace phalanx::log

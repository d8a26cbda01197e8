#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace phalanx::log {

/// What must not stand as it is. Escaped bytes are written \xNN, two upper-case digits, as nginx does; other
/// bytes, UTF-8 or not, stay. C1 control characters in UTF-8 (U+0080 to U+009F), which steer terminals as
/// well, count as control bytes.
enum class Escaping : std::uint8_t {
    newline,  ///< that alone: whoever reads the log wants the bytes as they were written
    line,     ///< control bytes other than tab: nothing can end the line or steer a terminal
    quoted,   ///< also tab, the double quote and the backslash: nothing can leave a quoted field
};

/// Appends the text, escaped. At most four bytes come out for one.
void append_escaped(std::string& out, std::string_view text, Escaping escaping);

/// For whatever comes from outside and goes into a log line. Applying it twice changes nothing more.
[[nodiscard]] std::string escape_controls(std::string_view text);

}  // namespace phalanx::log

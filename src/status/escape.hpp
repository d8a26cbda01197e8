#pragma once

#include <string>
#include <string_view>

namespace phalanx::status {

/// A text made safe for one format.
using Escape = std::string (*)(std::string_view text);

/// Control bytes become \xNN: a text cannot end its line.
[[nodiscard]] std::string escape_text(std::string_view text);

/// & < > " become entities, characters XML does not allow become U+FFFD. A text that is not UTF-8 becomes
/// empty altogether, as php-fpm has it. For XML and HTML.
[[nodiscard]] std::string escape_markup(std::string_view text);

/// The inside of a JSON string in ASCII: \uXXXX for all else and "\/" for a slash; bytes that are not UTF-8
/// are left out.
[[nodiscard]] std::string escape_json(std::string_view text);

}  // namespace phalanx::status

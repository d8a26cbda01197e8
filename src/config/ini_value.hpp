#pragma once

#include <string>

#include "ini_scanner.hpp"
#include "phalanx/base/result.hpp"

namespace phalanx::config {

/// The value behind a "=": quoted and bare texts side by side, "${NAME}", PHP constants, the words of a
/// boolean ("1" or empty), integer expressions of | & ^ ~ ! and brackets. The scanner stands behind the sign
/// and is left behind the last token that could belong to the value.
[[nodiscard]] base::Result<std::string> parse_value(Scanner& scanner);

/// Whether the line may end where the scanner stands after a value: an error names what stands there instead.
[[nodiscard]] base::Result<void> expect_end_of_value(const Scanner& scanner);

/// What a text in square brackets is: "[section]", or the key of "name[key]", where constants count too.
enum class BracketUse { section, key };

/// The text up to the closing bracket, which is taken.
[[nodiscard]] base::Result<std::string> parse_bracketed(Scanner& scanner, BracketUse use);

}  // namespace phalanx::config

#pragma once

#include <string>
#include <string_view>

namespace phalanx::php {

/// Replaces each "%" and two hexadecimal digits by the byte they name; "+" stays as it is.
[[nodiscard]] std::string url_decode(std::string_view text);

}  // namespace phalanx::php

#pragma once

#include <cstdint>
#include <optional>

#include "phalanx/fastcgi/params.hpp"

namespace phalanx::fastcgi {

/// The body's length as php-fpm reads CONTENT_LENGTH: blanks, a plus, digits, anything. Negative numbers
/// and garbage are 0; what exceeds 63 bits is held there, and is then a body that never becomes complete.
/// Nothing where the parameter is absent: the request has no body (php-fpm).
[[nodiscard]] std::optional<std::uint64_t> content_length(const Params& params);

}  // namespace phalanx::fastcgi

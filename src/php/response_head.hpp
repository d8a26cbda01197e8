#pragma once

#include <string>
#include <string_view>

#include "zend_headers.hpp"

namespace phalanx::php {

/// Longest status line taken from a script, in bytes without its end; the rest is cut, as php-fpm does.
inline constexpr std::size_t longest_status_line = 1023;

/// Writes the head of a response in CGI's form (RFC 3875, 6.2) as php-fpm does: a Status line unless the code
/// is 200, the script's headers in their order, an empty line. Replaces the text.
void write_response_head(const sapi_headers_struct& headers, std::string& text);

/// The value of a header as the script has set it so far, by its exact name; empty: absent.
[[nodiscard]] std::string_view response_header(std::string_view name) noexcept;

}  // namespace phalanx::php

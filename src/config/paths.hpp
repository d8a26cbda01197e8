#pragma once

#include <string>
#include <string_view>

namespace phalanx::config {

/// An absolute path as it is, a relative one (also the empty one) behind the base and a slash.
[[nodiscard]] std::string absolute_path(std::string_view base, std::string_view path);

[[nodiscard]] bool is_directory(const std::string& path);

/// php-fpm's rule for "listen": a colon or nothing but digits is TCP, anything else a Unix socket's path.
[[nodiscard]] bool is_unix_address(std::string_view address);

}  // namespace phalanx::config

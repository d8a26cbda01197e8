#pragma once

#include <span>
#include <string>
#include <string_view>

namespace phalanx::php {

/// Whether one of the path's components is "..": such a path names no script (php-fpm: 404).
[[nodiscard]] bool has_parent_component(std::string_view path);

/// php-fpm's "security.limit_extensions": the path ends with one of the texts and is longer than it. Case
/// counts. An empty list allows every script.
[[nodiscard]] bool extension_allowed(std::string_view path, std::span<const std::string> extensions);

}  // namespace phalanx::php

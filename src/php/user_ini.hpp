#pragma once

#include <string>
#include <string_view>

#include "zend_headers.hpp"

namespace phalanx::php {

/// How many directories' .user.ini values a worker remembers; beyond it starts again with an empty memory.
inline constexpr std::uint32_t user_ini_cache_limit = 4096;

/// Applies the .user.ini files that govern a directory (given with its slash at the end): those from the
/// document root down to it where it lies inside, else its own. Remembered per directory for
/// user_ini.cache_ttl seconds. Runs inside PHP's request start.
void apply_user_ini(std::string& directory, std::string_view document_root);

}  // namespace phalanx::php

#pragma once

#include "script_path.hpp"

namespace phalanx::php {

/// The real file system. A script that was found is believed to be there as long as PHP's realpath cache
/// remembers its path (realpath_cache_ttl, realpath_cache_size, clearstatcache(true)), as under php-fpm: that
/// saves a stat(2) for each request.
class FileSystem final : public FileTest {
  public:
    [[nodiscard]] FileKind kind(const char* path) const noexcept override;
};

}  // namespace phalanx::php

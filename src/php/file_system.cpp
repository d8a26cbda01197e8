#include "file_system.hpp"

#include <sys/stat.h>

#include <array>
#include <string>
#include <string_view>

#include "phalanx/base/clock.hpp"
#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

/// The regular files found last, each at a place that its path gives. PHP's cache does not tell a file from a
/// pipe or a device, whose opening may never end.
std::array<std::string, 64> found_files;

std::string& place_of(std::string_view path) {
    return found_files[std::hash<std::string_view>()(path) % found_files.size()];
}

bool is_remembered(std::string_view path) {
    if (place_of(path) != path) return false;
    const realpath_cache_bucket* const entry =
        realpath_cache_lookup(path.data(), path.size(), static_cast<time_t>(base::wall_seconds()));
    return entry != nullptr && entry->is_dir == 0;
}

void remember(std::string_view path) {
    std::array<char, MAXPATHLEN> resolved;
    // Writes it into PHP's cache.
    if (tsrm_realpath(path.data(), resolved.data()) != nullptr) place_of(path) = path;
}

}  // namespace

FileKind FileSystem::kind(const char* path) const noexcept {
    if (is_remembered(path)) return FileKind::regular;
    struct stat status {};
    if (stat(path, &status) != 0) return FileKind::absent;
    if (S_ISREG(status.st_mode)) {
        remember(path);
        return FileKind::regular;
    }
    return S_ISDIR(status.st_mode) ? FileKind::directory : FileKind::special;
}

}  // namespace phalanx::php

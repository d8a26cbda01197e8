#include "paths.hpp"

#include <sys/stat.h>

namespace phalanx::config {

std::string absolute_path(std::string_view base, std::string_view path) {
    if (path.starts_with('/')) return std::string(path);
    return std::string(base).append("/").append(path);
}

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_unix_address(std::string_view address) {
    if (address.find(':') != std::string_view::npos) return false;
    return address.find_first_not_of("0123456789") != std::string_view::npos;
}

}  // namespace phalanx::config

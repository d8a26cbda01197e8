#include "script_access.hpp"

#include <algorithm>

namespace phalanx::php {

bool has_parent_component(std::string_view path) {
    for (std::size_t at = path.find(".."); at != std::string_view::npos; at = path.find("..", at + 1)) {
        const bool begins = at == 0 || path[at - 1] == '/';
        const bool ends = at + 2 == path.size() || path[at + 2] == '/';
        if (begins && ends) return true;
    }
    return false;
}

bool extension_allowed(std::string_view path, std::span<const std::string> extensions) {
    const auto matches = [path](const std::string& extension) {
        return path.size() > extension.size() && path.ends_with(extension);
    };
    return extensions.empty() || std::any_of(extensions.begin(), extensions.end(), matches);
}

}  // namespace phalanx::php

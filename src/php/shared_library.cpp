#include "shared_library.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <memory>

namespace phalanx::php {

std::string file_of(const void* function) {
    Dl_info info{};
    if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) return {};
    const std::unique_ptr<char, decltype(&std::free)> file(realpath(info.dli_fname, nullptr), &std::free);
    return file ? file.get() : "";
}

bool is_library_of(std::string_view file, int major, int minor) {
    const std::string_view name = file.substr(file.rfind('/') + 1);
    constexpr std::string_view prefix = "libphp";
    if (!name.starts_with(prefix) || name.find_first_of("0123456789") != prefix.size()) return true;
    const std::string version = std::to_string(major) + "." + std::to_string(minor) + ".so";
    return name.substr(prefix.size()).starts_with(version);
}

}  // namespace phalanx::php

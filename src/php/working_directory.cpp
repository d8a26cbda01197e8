#include "working_directory.hpp"

#include <unistd.h>

#include <climits>
#include <cstring>
#include <string>

namespace phalanx::php {
namespace {

/// Empty: not known, the worker stays where the last script was.
std::string home;

}  // namespace

void remember_working_directory() {
    char path[PATH_MAX];
    home = getcwd(path, sizeof(path)) != nullptr ? path : "";
}

void enter_directory_of(std::string_view script) noexcept {
    char path[PATH_MAX];
    const std::size_t slash = script.rfind('/');
    if (slash >= sizeof(path)) return;  // also where there is none
    const std::size_t length = slash == 0 ? 1 : slash;
    std::memcpy(path, script.data(), length);
    path[length] = '\0';
    // Where the directory cannot be entered, the script runs where the worker is, as under php-fpm.
    [[maybe_unused]] const int entered = chdir(path);
}

void leave_script_directory() noexcept {
    if (home.empty()) return;
    [[maybe_unused]] const int left = chdir(home.c_str());
}

}  // namespace phalanx::php

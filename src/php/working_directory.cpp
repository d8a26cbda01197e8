#include "working_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstring>

namespace phalanx::php {
namespace {

/// The directory itself, since the way back to it by its path is three times as long. -1: not known, the
/// worker stays where the last script was.
int home = -1;

}  // namespace

void remember_working_directory() {
    if (home >= 0) close(home);
    home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void forget_working_directory() noexcept {
    if (home >= 0) close(home);
    home = -1;
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
    if (home < 0) return;
    [[maybe_unused]] const int left = fchdir(home);
}

}  // namespace phalanx::php

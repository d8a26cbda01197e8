#include "phalanx/os/pid_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::os {
namespace {

using base::Result;
using base::system_error;

constexpr mode_t for_everyone_to_read = 0644;
/// Somebody may put a file there again and again.
constexpr int most_attempts = 8;

struct Place {
    bool is_taken = false;
    struct stat file {};
};

Place look_at(const std::string& path) {
    Place place;
    place.is_taken = ::lstat(path.c_str(), &place.file) == 0;
    return place;
}

bool is_device(const Place& place) {
    return place.is_taken && (S_ISCHR(place.file.st_mode) || S_ISBLK(place.file.st_mode));
}

/// What is at the path stays what it is. Nothing, with errno set: it is not to be written.
UniqueFd open_in_place(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat file {};
    if (!fd || ::fstat(fd.get(), &file) != 0) return {};
    if (S_ISCHR(file.st_mode)) return fd;
    if (S_ISREG(file.st_mode) && file.st_nlink == 1 && ::ftruncate(fd.get(), 0) == 0) return fd;
    errno = EEXIST;
    return {};
}

UniqueFd create_anew(const std::string& path) {
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) return open_in_place(path);
        UniqueFd fd(
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, for_everyone_to_read));
        if (fd || errno != EEXIST) return fd;
    }
    return {};
}

}  // namespace

Result<void> write_pid_file(const std::string& path) {
    const UniqueFd file = is_device(look_at(path)) ? open_in_place(path) : create_anew(path);
    if (!file) return system_error(fmt::format("Unable to create the PID file ({}).", path));
    if (auto written = write_all(file.get(), std::to_string(::getpid())); !written) {
        (void)remove_pid_file(path);
        return base::Error{
            fmt::format("Unable to write to the PID file ({}): {}", path, written.error().text())};
    }
    return {};
}

bool is_own_pid_file(const std::string& path) {
    const Place place = look_at(path);
    return place.is_taken && S_ISREG(place.file.st_mode) && place.file.st_uid == ::geteuid();
}

Result<void> remove_pid_file(const std::string& path) {
    if (is_device(look_at(path)) || ::unlink(path.c_str()) == 0) return {};
    return system_error(fmt::format("Unable to remove the PID file ({}).", path));
}

bool are_same_file(const std::string& one, const std::string& other) {
    struct stat first {};
    struct stat second {};
    return ::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace phalanx::os

#include "phalanx/os/own_program.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <string_view>

#include "phalanx/os/process.hpp"

namespace phalanx::os {
namespace {

constexpr const char* running_program = "/proc/self/exe";

bool is_running_program(const std::string& path) {
    struct stat there {};
    struct stat running {};
    return ::stat(path.c_str(), &there) == 0 && ::stat(running_program, &running) == 0 &&
           there.st_dev == running.st_dev && there.st_ino == running.st_ino;
}

/// With links in it as they are: it may be one of them that an update changes.
std::string absolute(const std::string& path) {
    if (path.starts_with('/')) return path;
    char folder[PATH_MAX];
    return ::getcwd(folder, sizeof folder) != nullptr ? std::string(folder) + "/" + path : path;
}

/// What the kernel says of a file that is gone has a mark behind it; the path that it had is wanted, where
/// another file may be already.
std::string former_path(std::string path) {
    constexpr std::string_view mark = " (deleted)";
    if (path.ends_with(mark) && ::access(path.c_str(), F_OK) != 0) path.resize(path.size() - mark.size());
    return path;
}

}  // namespace

OwnProgram::OwnProgram(const std::string& name) {
    const bool is_path = name.find('/') != std::string::npos;
    path_ = is_path && is_running_program(name) ? absolute(name) : former_path(own_program_path());
}

bool OwnProgram::was_replaced() const {
    return ::access(path_.c_str(), X_OK) == 0 && !is_running_program(path_);
}

std::string running_program_mark() {
    struct stat file {};
    if (::stat(running_program, &file) != 0) return {};
    return fmt::format("{}:{}:{}:{}.{}", file.st_dev, file.st_ino, file.st_size, file.st_ctim.tv_sec,
                       file.st_ctim.tv_nsec);
}

}  // namespace phalanx::os

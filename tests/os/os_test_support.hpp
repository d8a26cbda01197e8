#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace phalanx::os {

[[nodiscard]] inline bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}
[[nodiscard]] inline bool is_close_on_exec(int fd) {
    return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}
[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}
[[nodiscard]] inline std::string as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The descriptors a process has open; by default our own.
[[nodiscard]] inline std::set<int> open_descriptors(pid_t pid = ::getpid()) {
    std::set<int> found;
    DIR* folder = ::opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
    if (folder == nullptr) return found;
    while (const dirent* entry = ::readdir(folder)) {
        if (entry->d_name[0] != '.') found.insert(std::atoi(entry->d_name));
    }
    if (pid == ::getpid()) found.erase(::dirfd(folder));
    ::closedir(folder);
    return found;
}

/// From now on no descriptor can be had. For children only.
[[nodiscard]] inline bool limit_descriptors_to_those_open() {
    // The lowest free number is the next one that would be given.
    const int next = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
    ::close(next);
    const rlimit limit{static_cast<rlim_t>(next), static_cast<rlim_t>(next)};
    return next >= 0 && ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/// Reads until the end of the file.
[[nodiscard]] inline std::string read_to_end(int fd) {
    std::string text;
    char room[4096];
    for (ssize_t size = 0; (size = ::read(fd, room, sizeof room)) > 0;) {
        text.append(room, static_cast<std::size_t>(size));
    }
    return text;
}

/// Runs it in a child of its own and returns what it returns (0..255), or 256 + the signal that ended it.
template <typename Body>
[[nodiscard]] int in_child(Body&& body) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(body());
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

}  // namespace phalanx::os

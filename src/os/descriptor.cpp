#include "phalanx/os/descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <optional>

#include "phalanx/base/parse.hpp"

namespace phalanx::os {

using base::Error;
using base::Result;
using base::system_error;

namespace {

/// The descriptor of this process that a path names, e.g. 2 for /dev/stderr and /proc/self/fd/2.
std::optional<int> descriptor_named_by(std::string_view path) {
    if (path == "/dev/stdout") return STDOUT_FILENO;
    if (path == "/dev/stderr") return STDERR_FILENO;
    for (const std::string_view folder : {"/proc/self/fd/", "/dev/fd/"}) {
        if (!path.starts_with(folder)) continue;
        const auto number = base::parse_unsigned(path.substr(folder.size()));
        if (number && *number <= INT_MAX) return static_cast<int>(*number);
    }
    return std::nullopt;
}

}  // namespace

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe2() failed");
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<UniqueFd> make_eventfd() {
    UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd) return system_error("eventfd() failed");
    return fd;
}

Result<UniqueFd> open_for_append(const std::string& path, WhenFull full) {
    // Of a file, the flag changes nothing; of what else a path may name, it is our opening's alone.
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    UniqueFd fd(::open(path.c_str(), flags, 0600));
    if (!fd) {
        const Error why = system_error("open() failed");
        const auto named = descriptor_named_by(path);
        if (named) fd.reset(::fcntl(*named, F_DUPFD_CLOEXEC, 3));
        if (!fd) return why;
    } else if (full == WhenFull::wait && ::fcntl(fd.get(), F_SETFL, O_APPEND) != 0) {
        return system_error("fcntl(F_SETFL) failed");
    }
    return fd;
}

Result<void> append_at_once(const std::string& path, std::string_view text) {
    const auto fd = open_for_append(path, WhenFull::refuse);
    if (!fd) return fd.error();
    if (::write(fd->get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return system_error("write() failed");
    return {};
}

Result<UniqueFd> open_directory(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return system_error("open() failed");
    return fd;
}

bool write_if_taken(int fd, std::string_view line) {
    pollfd ready{fd, POLLOUT, 0};
    // A pipe that is ready takes PIPE_BUF bytes at once; a file is always ready.
    struct stat file {};
    const bool fits = line.size() <= PIPE_BUF || (::fstat(fd, &file) == 0 && S_ISREG(file.st_mode));
    return fits && ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 &&
           ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

ino_t inode_of(int fd) {
    struct stat file {};
    return ::fstat(fd, &file) == 0 ? file.st_ino : 0;
}

Result<UniqueFd> open_for_reading(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) return system_error("open() failed");
    return fd;
}

Result<void> place_at(int fd, int number) {
    if (fd == number) {
        if (::fcntl(fd, F_SETFD, 0) != 0) return system_error("fcntl(F_SETFD) failed");
        return {};
    }
    if (::dup2(fd, number) < 0) return system_error("dup2() failed");
    return {};
}

Result<void> fill_standard_descriptors() {
    // open() takes the lowest number that is free.
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        if (::open("/dev/null", O_RDWR) < 0) return system_error("open(/dev/null) failed");
    }
    return {};
}

bool can_open_descriptor() {
    const UniqueFd one_more(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    // EINVAL: not even number 0 is below the limit.
    return one_more || (errno != EMFILE && errno != EINVAL);
}

Result<void> set_non_blocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return system_error("fcntl(F_SETFL) failed");
    return {};
}

bool is_non_blocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

Result<void> write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("write() failed");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

std::uint64_t most_descriptors() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 0;
}

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const std::uint64_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    // A refusal leaves the soft limit as it was, which is only a lower ceiling.
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

}  // namespace phalanx::os

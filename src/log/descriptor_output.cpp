#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>

#include "output.hpp"
#include "phalanx/base/parse.hpp"

namespace phalanx::log {
namespace {

// O_NONBLOCK changes nothing for files; for what else a path may name, it belongs to our opening of it alone
// and not to those we share a descriptor with. Without it, opening a named pipe waits for its reader.
constexpr int open_flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

/// The descriptor of this process that a path names, e.g. 2 for /dev/stderr and /proc/self/fd/2.
std::optional<int> descriptor_named_by(std::string_view path) {
    if (path == "/dev/stdout") return 1;
    if (path == "/dev/stderr") return 2;
    for (const std::string_view folder : {"/proc/self/fd/", "/dev/fd/"}) {
        if (!path.starts_with(folder)) continue;
        const auto number = base::parse_unsigned(path.substr(folder.size()));
        if (number && *number <= INT_MAX) return static_cast<int>(*number);
    }
    return std::nullopt;
}

mode_t type_of(int fd) {
    struct stat facts {};
    return ::fstat(fd, &facts) == 0 ? facts.st_mode & S_IFMT : 0;
}

}  // namespace

base::Result<std::unique_ptr<Output>> DescriptorOutput::open(const std::string& path) {
    int fd = ::open(path.c_str(), open_flags | O_CREAT, 0600);
    if (fd < 0) {
        // A socket cannot be opened by its name, nor another user's pipe; the descriptor is still there.
        const int code = errno;
        const auto named = descriptor_named_by(path);
        fd = named ? ::fcntl(*named, F_DUPFD_CLOEXEC, 3) : -1;
        if (fd < 0) return base::system_error(fmt::format("failed to open error_log ({})", path), code);
    }
    return std::unique_ptr<Output>(new DescriptorOutput(fd, Ownership::owned));
}

std::unique_ptr<Output> DescriptorOutput::borrow(int fd) {
    // An opening of our own cannot wait even when somebody else fills the pipe between poll() and write().
    const mode_t type = type_of(fd);
    if (type == S_IFIFO || (type == S_IFCHR && ::isatty(fd) == 1)) {
        const int own = ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), open_flags);
        if (own >= 0) return std::unique_ptr<Output>(new DescriptorOutput(own, Ownership::owned));
    }
    return std::unique_ptr<Output>(new DescriptorOutput(fd, Ownership::borrowed));
}

DescriptorOutput::DescriptorOutput(int fd, Ownership ownership) : fd_(fd), ownership_(ownership) {
    const mode_t type = type_of(fd);
    kind_ = type == S_IFREG ? Kind::file : type == S_IFSOCK ? Kind::socket : Kind::pipe;
}

DescriptorOutput::~DescriptorOutput() {
    if (ownership_ == Ownership::owned) ::close(fd_);
}

/// Whether a piece of PIPE_BUF bytes will be taken now. A pipe whose reader is gone never is ready: writing
/// to it would be a SIGPIPE.
bool DescriptorOutput::is_ready() const {
    if (kind_ != Kind::pipe) return true;
    pollfd wanted{fd_, POLLOUT, 0};
    return ::poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLOUT) != 0 && (wanted.revents & POLLERR) == 0;
}

std::size_t DescriptorOutput::write(std::string_view line) {
    const std::size_t chunk = kind_ == Kind::pipe ? PIPE_BUF : line.size();
    std::size_t done = 0;
    while (done < line.size() && is_ready()) {
        const std::string_view piece = line.substr(done, chunk);
        const ssize_t written = kind_ == Kind::socket
                                    ? ::send(fd_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                    : ::write(fd_, piece.data(), piece.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        done += static_cast<std::size_t>(written);
    }
    return done;
}

}  // namespace phalanx::log

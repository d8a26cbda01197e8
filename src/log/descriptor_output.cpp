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

#include "output.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::log {
namespace {

mode_t type_of(int fd) {
    struct stat facts {};
    return ::fstat(fd, &facts) == 0 ? facts.st_mode & S_IFMT : 0;
}

}  // namespace

base::Result<std::unique_ptr<Output>> DescriptorOutput::open(const std::string& path) {
    auto fd = os::open_for_append(path, os::WhenFull::refuse);
    if (!fd) return base::system_error(fmt::format("failed to open error_log ({})", path), fd.error().code);
    return std::unique_ptr<Output>(new DescriptorOutput(fd->release(), Ownership::owned));
}

std::unique_ptr<Output> DescriptorOutput::borrow(int fd) {
    // An opening of our own cannot wait even when somebody else fills the pipe between poll() and write().
    const mode_t type = type_of(fd);
    if (type == S_IFIFO || (type == S_IFCHR && ::isatty(fd) == 1)) {
        const int own = ::open(fmt::format("/proc/self/fd/{}", fd).c_str(),
                               O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
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

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "output.hpp"

namespace phalanx::log {

SyslogOutput::~SyslogOutput() {
    disconnect();
}

void SyslogOutput::disconnect() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool SyslogOutput::connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return false;
    std::copy(path_.begin(), path_.end(), address.sun_path);
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return false;
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    disconnect();
    return false;
}

std::size_t SyslogOutput::write(std::string_view line) {
    // Twice: a socket that was connected may belong to a log daemon that has been restarted since.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (fd_ < 0 && !connect()) return 0;
        ssize_t sent = -1;
        do sent = ::send(fd_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent >= 0) return line.size();
        if (errno == EMSGSIZE) return line.size();  // will never go: it must not hold up the others
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return 0;
        disconnect();
    }
    return 0;
}

}  // namespace phalanx::log

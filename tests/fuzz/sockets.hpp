#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

#include "phalanx/os/unique_fd.hpp"

/// Sockets and other descriptors for targets that speak to the master's classes, without files and without
/// waiting.
namespace phalanx::fuzz {

constexpr int socket_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;

/// Listens at an abstract address of the kernel's choice (unix(7), Autobind feature).
inline os::UniqueFd listen_anywhere() {
    os::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | socket_flags, 0));
    const sockaddr_un nameless{AF_UNIX, {}};
    const auto* address = reinterpret_cast<const sockaddr*>(&nameless);
    if (::bind(listener.get(), address, sizeof(sa_family_t)) != 0 || ::listen(listener.get(), 64) != 0)
        __builtin_trap();
    return listener;
}

inline os::UniqueFd connect_to(const os::UniqueFd& listener) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    (void)::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
    os::UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | socket_flags, 0));
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
    return client;
}

/// Sends what fits.
inline void send_some(const os::UniqueFd& client, std::string_view bytes) {
    (void)!::send(client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/// Whether nothing more can come, whatever has come before.
inline bool is_closed_by_peer(const os::UniqueFd& client) {
    char room[512];
    ssize_t size = 1;
    while (size > 0) size = ::recv(client.get(), room, sizeof room, MSG_DONTWAIT);
    return size == 0 || errno == ECONNRESET;
}

inline os::UniqueFd duplicate(int fd) {
    return os::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

constexpr std::size_t odd_descriptors = 8;

/// Descriptors that are no connection of anybody's listener.
inline os::UniqueFd odd_descriptor(std::size_t kind) {
    int ends[2] = {-1, -1};
    switch (kind) {
        case 0:
            return os::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
        case 1:
            return os::UniqueFd(::open("/", O_PATH | O_CLOEXEC));
        case 2:
            return os::UniqueFd(::memfd_create("odd", MFD_CLOEXEC));
        case 3:
            return os::UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
        case 4:
            return os::UniqueFd(::socket(AF_INET, SOCK_STREAM | socket_flags, 0));
        case 5:
            return os::UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | socket_flags, 0));
        case 6:
            if (::pipe2(ends, O_CLOEXEC) != 0) return {};
            break;
        default:
            if (::socketpair(AF_UNIX, SOCK_STREAM | socket_flags, 0, ends) != 0) return {};
    }
    const os::UniqueFd other(ends[1]);
    return os::UniqueFd(ends[0]);
}

/// The lowest free descriptor's number: the same before and after, if nothing was left open.
inline int lowest_free_descriptor() {
    return os::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get();
}

}  // namespace phalanx::fuzz

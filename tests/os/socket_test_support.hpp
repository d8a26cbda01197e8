#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "phalanx/os/listen_socket.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// Looks the address up and listens at what is found.
[[nodiscard]] inline base::Result<ListenSocket> listen_at(const ListenAddress& address,
                                                          const std::string& text, std::int64_t backlog,
                                                          const SocketOwner& owner) {
    const auto numeric = numeric_addresses(address);
    if (!numeric) return numeric.error();
    ListenRemarks remarks;
    return listen_on(*numeric, text, backlog, owner, remarks);
}

/// A client connected to the path; empty where none is taken at once.
[[nodiscard]] inline UniqueFd connect_to_path(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
    return fd;
}

/// A client connected to the numeric address.
/// With one byte, without which nobody would see it for a second.
[[nodiscard]] inline UniqueFd connect_to_tcp(const std::string& host, std::uint16_t port) {
    sockaddr_in6 v6{};
    sockaddr_in v4{};
    const bool is_v6 = ::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1;
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (!is_v6) ::inet_pton(AF_INET, host.c_str(), &v4.sin_addr);
    UniqueFd fd(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* address =
        is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
    const auto size = static_cast<socklen_t>(is_v6 ? sizeof v6 : sizeof v4);
    if (::connect(fd.get(), address, size) != 0) return {};
    (void)::send(fd.get(), "x", 1, MSG_NOSIGNAL);
    return fd;
}

/// Without that byte.
[[nodiscard]] inline UniqueFd accept_from_tcp(int listener) {
    UniqueFd accepted = accept_connection(listener).fd;
    char byte = 0;
    if (accepted) (void)::recv(accepted.get(), &byte, 1, MSG_DONTWAIT);
    return accepted;
}

/// The TCP port a socket is bound to.
[[nodiscard]] inline std::uint16_t port_of(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

[[nodiscard]] inline bool has_ipv6() {
    const UniqueFd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 loopback{};
    loopback.sin6_family = AF_INET6;
    loopback.sin6_addr = in6addr_loopback;
    return ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) == 0;
}

}  // namespace phalanx::os

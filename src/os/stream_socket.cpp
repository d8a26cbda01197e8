#include "phalanx/os/stream_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "passed_descriptors.hpp"

namespace phalanx::os {
namespace {

/// accept4() reports these of a connection that broke while it waited (accept(2), Error handling).
bool broke_while_waiting(int error) {
    switch (error) {
        case ECONNABORTED:
        case ENETDOWN:
        case EPROTO:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case EOPNOTSUPP:
        case ENETUNREACH:
            return true;
        default:
            return false;
    }
}

ReadResult receive(int connection, std::span<std::byte> room, int flags) {
    for (;;) {
        iovec piece{room.data(), room.size()};
        PassedRoom passed;
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        // A look leaves what was passed where it is.
        if ((flags & MSG_PEEK) == 0) passed.attach(message);
        const ssize_t size = ::recvmsg(connection, &message, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (size >= 0) close_passed(message);
        if (size > 0) return {ReadResult::State::bytes, static_cast<std::size_t>(size)};
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {ReadResult::State::nothing, 0};
        return {ReadResult::State::end, 0};
    }
}

/// Connections that one poll(2) looks at.
constexpr std::size_t most_polled = 256;

bool says_gone(const pollfd& watched) {
    if ((watched.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return true;
    return (watched.revents & POLLRDHUP) != 0 && !is_unix_socket(watched.fd);
}

/// poll(2) for one event until the deadline, whatever signals come. False: nothing happened.
bool wait_for(int connection, short events, std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + limit;
    constexpr std::int64_t longest_poll = std::numeric_limits<int>::max();
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd watched{connection, events, 0};
        const auto wait = std::clamp<std::int64_t>(left.count(), 0, longest_poll);
        const int ready = ::poll(&watched, 1, static_cast<int>(wait));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
        if (ready == 0 && left.count() <= longest_poll) return false;
    }
}

/// A socket has room for more long before poll(2) says so (when a third or three quarters of its buffer are
/// free): a peer that takes little at a time is only seen by trying.
constexpr int tries_per_limit = 8;

/// What is left of the pieces when that many bytes have gone.
std::span<iovec> without_first(std::span<iovec> pieces, std::size_t bytes) {
    while (!pieces.empty() && bytes >= pieces.front().iov_len) {
        bytes -= pieces.front().iov_len;
        pieces = pieces.subspan(1);
    }
    if (bytes > 0) {
        pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + bytes;
        pieces.front().iov_len -= bytes;
    }
    return pieces;
}

ssize_t send_once(int connection, std::span<iovec> pieces, int flags) {
    // Most answers are one piece, for which the kernel has less to look at.
    if (pieces.size() == 1) return ::send(connection, pieces[0].iov_base, pieces[0].iov_len, flags);
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return ::sendmsg(connection, &message, flags);
}

Delivery send_pieces(int connection, std::span<iovec> pieces, std::chrono::milliseconds limit, int flags) {
    using Clock = std::chrono::steady_clock;
    std::optional<Clock::time_point> deadline;  // while the peer takes nothing
    while (!pieces.empty()) {
        const ssize_t sent = send_once(connection, pieces, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK) return Delivery::gone;
            if (!deadline) deadline = Clock::now() + limit;
            if (Clock::now() >= *deadline) return Delivery::stalled;
            (void)wait_for(connection, POLLOUT, limit / tries_per_limit);
            continue;
        }
        deadline.reset();
        pieces = without_first(pieces, static_cast<std::size_t>(sent));
    }
    return Delivery::whole;
}

/// The address as 16 bytes, IPv4 in mapped form; empty for other families.
std::string address_bytes(const sockaddr_storage& address) {
    if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        return {reinterpret_cast<const char*>(&v6.sin6_addr), 16};
    }
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        return std::string(10, '\0') + "\xff\xff" +
               std::string(reinterpret_cast<const char*>(&v4.sin_addr), 4);
    }
    return {};
}

std::string peer_bytes(int connection) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(connection, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    return address_bytes(address);
}

}  // namespace

bool is_shut_down(int listener) {
    pollfd watched{listener, POLLRDHUP, 0};
    return ::poll(&watched, 1, 0) > 0;
}

Accepted accept_connection(int listener) {
    // A peer can break one connection after another: a bound on how many are passed over at once.
    for (int attempt = 0; attempt < 64; ++attempt) {
        Accepted accepted{Accepted::State::connection,
                          UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC))};
        if (accepted.fd) return accepted;
        // A signal interrupts only a call that waited, which none should (os/stall_alarm.hpp): not again.
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
        if (errno == EINVAL) return {Accepted::State::broken, {}};
        if (!broke_while_waiting(errno)) return {Accepted::State::exhausted, {}};
    }
    return {};
}

ReadResult peek(int connection, std::span<std::byte> room) {
    return receive(connection, room, MSG_PEEK);
}

ReadResult read_available(int connection, std::span<std::byte> room) {
    return receive(connection, room, 0);
}

ReadResult read_some(int connection, std::span<std::byte> room, std::chrono::milliseconds limit) {
    for (;;) {
        const ReadResult result = receive(connection, room, 0);
        if (result.state != ReadResult::State::nothing) return result;
        if (!wait_for(connection, POLLIN, limit)) return result;
    }
}

Came await_bytes_or_message(int connection, int channel, std::chrono::milliseconds limit) {
    std::array<pollfd, 2> watched{{{connection, POLLIN, 0}, {channel, POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), static_cast<int>(limit.count())) <= 0) return Came::nothing;
    return watched[1].revents != 0 ? Came::message : Came::bytes;
}

Delivery send_all(int connection, std::span<iovec> pieces, std::chrono::milliseconds limit) {
    return send_pieces(connection, pieces, limit, 0);
}

Delivery send_all_and_end(int connection, std::span<iovec> pieces, std::chrono::milliseconds limit) {
    // MSG_MORE keeps the last segment back, where the end then joins it.
    const Delivery delivery = send_pieces(connection, pieces, limit, MSG_MORE);
    if (delivery == Delivery::whole) end_sending(connection);
    return delivery;
}

std::optional<std::size_t> send_available(int connection, std::string_view bytes) {
    for (;;) {
        const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) return static_cast<std::size_t>(sent);
        if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
        if (errno != EINTR) return std::nullopt;
    }
}

bool can_send(int connection) {
    return ::send(connection, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) == 0 || errno == EAGAIN || errno == EINTR;
}

bool peer_is_gone(int connection) {
    bool gone = false;
    find_gone_peers({&connection, 1}, {&gone, 1});
    return gone;
}

void find_gone_peers(std::span<const int> connections, std::span<bool> gone) {
    std::array<pollfd, most_polled> watched;
    while (!connections.empty()) {
        const std::size_t count = std::min(connections.size(), watched.size());
        for (std::size_t i = 0; i < count; ++i) watched[i] = {connections[i], POLLRDHUP, 0};
        if (::poll(watched.data(), count, 0) < 0) std::fill_n(watched.begin(), count, pollfd{});
        for (std::size_t i = 0; i < count; ++i) gone[i] = says_gone(watched[i]);
        connections = connections.subspan(count);
        gone = gone.subspan(count);
    }
}

bool is_unix_socket(int socket) {
    int family = AF_UNIX;
    socklen_t size = sizeof family;
    (void)::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family == AF_UNIX;
}

void end_sending(int connection) {
    (void)::shutdown(connection, SHUT_WR);
}

void end_connection(int connection) {
    (void)::shutdown(connection, SHUT_RDWR);
}

void stop_receiving(int socket) {
    (void)::shutdown(socket, SHUT_RD);
}

bool is_accepted_from(int connection, int listener) {
    int type = 0;
    socklen_t type_size = sizeof type;
    if (::getsockopt(connection, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || type != SOCK_STREAM)
        return false;
    int listening = 0;
    socklen_t listening_size = sizeof listening;
    if (::getsockopt(connection, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_size) != 0 ||
        listening != 0)
        return false;

    sockaddr_storage own{};
    sockaddr_storage expected{};
    socklen_t own_size = sizeof own;
    socklen_t expected_size = sizeof expected;
    if (::getsockname(connection, reinterpret_cast<sockaddr*>(&own), &own_size) != 0) return false;
    if (::getsockname(listener, reinterpret_cast<sockaddr*>(&expected), &expected_size) != 0) return false;
    if (own.ss_family != expected.ss_family) return false;
    if (own.ss_family == AF_UNIX)
        return own_size == expected_size && std::memcmp(&own, &expected, own_size) == 0;
    // A listener on every address accepts on any: only the port tells.
    return reinterpret_cast<sockaddr_in&>(own).sin_port == reinterpret_cast<sockaddr_in&>(expected).sin_port;
}

std::string peer_ip(int connection) {
    const std::string bytes = peer_bytes(connection);
    if (bytes.empty()) return {};
    char text[INET6_ADDRSTRLEN] = "";
    const bool mapped = bytes.starts_with(std::string(10, '\0') + "\xff\xff");
    ::inet_ntop(mapped ? AF_INET : AF_INET6, bytes.data() + (mapped ? 12 : 0), text, sizeof text);
    return text;
}

std::string peer_name(int connection) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(connection, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "unknown";
    if (address.ss_family == AF_UNIX) {
        ucred peer{};
        socklen_t peer_size = sizeof peer;
        if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) != 0) return "unknown";
        return fmt::format("pid {} (uid {})", peer.pid, peer.uid);
    }
    // The port stands in the same place for both families.
    const unsigned port = ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    const std::string ip = peer_ip(connection);
    return ip.find(':') == std::string::npos ? fmt::format("{}:{}", ip, port)
                                             : fmt::format("[{}]:{}", ip, port);
}

AllowedClients::AllowedClients(std::string_view list, std::vector<std::string>& complaints) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t"), list.size()));
    for (;;) {
        const std::size_t comma = list.find(',');
        const std::string item(list.substr(0, comma));
        sockaddr_storage address{};
        if (::inet_pton(AF_INET, item.c_str(), &reinterpret_cast<sockaddr_in&>(address).sin_addr) == 1) {
            address.ss_family = AF_INET;
        } else if (::inet_pton(AF_INET6, item.c_str(), &reinterpret_cast<sockaddr_in6&>(address).sin6_addr) ==
                   1) {
            address.ss_family = AF_INET6;
        } else {
            complaints.push_back(fmt::format("Wrong IP address '{}' in listen.allowed_clients", item));
        }
        if (address.ss_family != AF_UNSPEC) addresses_.push_back(address_bytes(address));
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    if (addresses_.empty()) complaints.emplace_back("There are no allowed addresses");
}

bool AllowedClients::admits(int connection) const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(connection, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
    if (address.ss_family == AF_UNIX) return true;
    return std::find(addresses_.begin(), addresses_.end(), address_bytes(address)) != addresses_.end();
}

}  // namespace phalanx::os

#include "passed_descriptors.hpp"

#include <fcntl.h>

#include <array>
#include <cstring>
#include <utility>

#include "phalanx/os/lingering.hpp"
#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "socket_option.hpp"

namespace phalanx::os {
namespace {

/// Whether descriptors may lie unread in it.
bool has_inbox(int fd) {
    return socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_ACCEPTCONN) == 0;
}

/// Takes all that was sent to a Unix socket and nobody has read; nothing more can come after that.
void drop_unread(int fd) {
    static std::array<std::byte, 16UL * 1024> dropped;
    const bool is_stream = socket_option(fd, SO_TYPE) == SOCK_STREAM;
    (void)::shutdown(fd, SHUT_RD);
    for (int i = 0; i < most_unread_messages; ++i) {
        iovec piece{dropped.data(), dropped.size()};
        PassedRoom room;
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        room.attach(message);
        const ssize_t size = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        // Messages may be empty; of a stream it is the end.
        if (size < 0 || (size == 0 && is_stream)) return;
        close_passed(message);
    }
}

/// Pipes and memory (memfd_create(2)): told by calls that ask nobody, as fstat(2) of a file of FUSE would.
bool is_the_kernels_own(int fd) {
    return ::fcntl(fd, F_GETPIPE_SZ) > 0 || ::fcntl(fd, F_GET_SEALS) >= 0;
}

}  // namespace

void close_passed(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
            close_without_lingering(UniqueFd(fd));
        }
    }
}

void stop_lingering(int connection) {
    const linger off{};
    (void)::setsockopt(connection, SOL_SOCKET, SO_LINGER, &off, sizeof off);
}

// The kernel lets sockets be queued in queued sockets a few levels deep only (unix(7), ETOOMANYREFS): so deep
// this goes.
void close_without_lingering(UniqueFd connection) {
    const linger off{};
    const int fd = connection.get();
    if (::setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off) != 0) return;
    if (has_inbox(fd)) drop_unread(fd);
}

UniqueFd close_if_harmless(UniqueFd strange) {
    const linger off{};
    const int fd = strange.get();
    if (::setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off) != 0)
        return is_the_kernels_own(fd) ? UniqueFd() : std::move(strange);
    if (!has_inbox(fd)) return {};
    if (!discard_unread(fd, Options::others_too)) return strange;
    // Nothing more can come after that.
    (void)::shutdown(fd, SHUT_RD);
    if (!discard_unread(fd, Options::others_too)) return strange;
    return {};
}

}  // namespace phalanx::os

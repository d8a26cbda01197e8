#include "phalanx/os/message_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "passed_descriptors.hpp"
#include "phalanx/base/panic.hpp"

namespace phalanx::os {
namespace {

iovec piece(std::span<const std::byte> bytes) {
    return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

/// The kernel may have no memory for a message though the queue has room: what may wait tries it for a
/// second.
constexpr int most_attempts = 100;
constexpr int attempt_interval_ms = 10;

}  // namespace

base::Result<MessagePair> make_message_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return base::system_error("socketpair() failed");
    }
    MessagePair pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
    const int on = 1;
    if (::setsockopt(pair.here.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
        return base::system_error("setsockopt(SO_PASSCRED) failed");
    }
    return pair;
}

void make_room_to_send(int socket, std::size_t bytes) {
    const int size = static_cast<int>(std::min<std::size_t>(bytes, 1U << 30));
    // Root may have more than the system gives others.
    if (::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
        (void)::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

SendResult send_message(int socket, std::span<const std::byte> head, std::span<const std::byte> tail,
                        std::span<const int> fds, Waiting waiting) {
    if (fds.size() > max_message_fds) base::panic("more descriptors than one message may carry");
    iovec pieces[2] = {piece(head), piece(tail)};
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = tail.empty() ? 1 : 2;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_message_fds)];
    if (!fds.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        std::memset(control, 0, message.msg_controllen);
        cmsghdr* rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
    }
    const int flags = MSG_NOSIGNAL | (waiting == Waiting::no ? MSG_DONTWAIT : 0);
    for (int attempts_left = waiting == Waiting::yes ? most_attempts : 1;;) {
        if (::sendmsg(socket, &message, flags) >= 0) return SendResult::sent;
        if (errno == EINTR) continue;
        const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS || errno == ENOMEM;
        if (!full) return SendResult::peer_gone;
        if (--attempts_left == 0) return SendResult::would_block;
        (void)::poll(nullptr, 0, attempt_interval_ms);
    }
}

ReceivedMessage receive_message(int socket, std::span<std::byte> room, std::size_t most_fds,
                                Waiting waiting) {
    iovec piece{room.data(), room.size()};
    // Room for all, whatever is wanted: what finds none is dropped by the kernel in our name, see PassedRoom.
    alignas(
        cmsghdr) char control[CMSG_SPACE(sizeof(int) * most_passed_descriptors) + CMSG_SPACE(sizeof(ucred))];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const int flags = MSG_CMSG_CLOEXEC | (waiting == Waiting::no ? MSG_DONTWAIT : 0);

    ReceivedMessage received;
    const ssize_t size = ::recvmsg(socket, &message, flags);
    if (size < 0) {
        const bool quiet = errno == EAGAIN || errno == EINTR;
        received.state = quiet ? ReceivedMessage::State::nothing : ReceivedMessage::State::end;
        return received;
    }
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET) continue;
        if (part->cmsg_type == SCM_RIGHTS) {
            const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t i = 0; i < count; ++i) {
                int fd = -1;
                std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
                received.fds.emplace_back(fd);
            }
        } else if (part->cmsg_type == SCM_CREDENTIALS) {
            ucred credentials{};
            std::memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
            received.sender = credentials.pid;
        }
    }
    if (size == 0 && received.fds.empty()) {
        received.state = ReceivedMessage::State::end;
        return received;
    }
    received.state = ReceivedMessage::State::message;
    received.size = static_cast<std::size_t>(size);
    // There was room for all that one message can carry: what is missing the kernel could not open here.
    received.lost_fds = (message.msg_flags & MSG_CTRUNC) != 0;
    received.cut = received.fds.size() > most_fds || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    return received;
}

bool discard_unread(int socket, Options options) {
    std::array<std::byte, 1> dropped;
    iovec piece{dropped.data(), dropped.size()};
    const bool tells_end = options == Options::ours_alone;
    // With room for the sender's credentials alone only descriptors are missed where there is no room; a look
    // leaves them where they are.
    const int credentials = tells_end ? 1 : 0;
    (void)::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &credentials, sizeof credentials);
    int type = 0;
    socklen_t type_size = sizeof type;
    (void)::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &type_size);
    for (int i = 0; i < most_unread_messages; ++i) {
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        if (tells_end) {
            message.msg_control = control;
            message.msg_controllen = sizeof control;
        }
        const ssize_t size = ::recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT);
        if ((message.msg_flags & MSG_CTRUNC) != 0) return false;
        // Of a stream nothing is the end; elsewhere it may be an empty message with others behind it, which
        // has a sender, as the end has not.
        const bool is_end = size == 0 && (type == SOCK_STREAM || (tells_end && message.msg_controllen == 0));
        if (size < 0 || is_end) return true;
        (void)::recv(socket, dropped.data(), dropped.size(), MSG_DONTWAIT);
    }
    return true;
}

}  // namespace phalanx::os

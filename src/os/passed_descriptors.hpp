#pragma once

#include <sys/socket.h>

#include <cstddef>

#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// The most descriptors that one message can carry (the kernel's SCM_MAX_FD).
inline constexpr std::size_t most_passed_descriptors = 253;

/// More than a Unix socket's buffer holds of messages, however small.
inline constexpr int most_unread_messages = 2048;

/// Room for the descriptors that a peer sends along with bytes where none are wanted. A recvmsg(2) without
/// room has the kernel drop them in the reader's name, which waits where the last reference to a socket with
/// SO_LINGER goes: as long as the sender likes.
struct PassedRoom {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int) * most_passed_descriptors)];

    void attach(msghdr& message) {
        message.msg_control = bytes;
        message.msg_controllen = sizeof bytes;
    }
};

/// Closes all that came with a message, by close_without_lingering().
void close_passed(msghdr& message);

}  // namespace phalanx::os

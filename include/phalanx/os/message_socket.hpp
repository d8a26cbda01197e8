#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// The two ends of a SOCK_SEQPACKET pair: whole messages in order, descriptors and credentials with them.
struct MessagePair {
    UniqueFd here;
    UniqueFd there;
};

/// `here` learns the sender's credentials with every message it receives (SO_PASSCRED).
[[nodiscard]] base::Result<MessagePair> make_message_pair();

/// Room for that much that nobody has read yet, as far as the system gives it.
void make_room_to_send(int socket, std::size_t bytes);

/// The most descriptors one message may carry here (SCM_MAX_FD is 253).
inline constexpr std::size_t max_message_fds = 128;

enum class SendResult { sent, would_block, peer_gone };
enum class Waiting { yes, no };

/// Sends `head` and `tail` as one message. `fds` are lent: the message gets copies.
/// `peer_gone`: nobody will ever read it (EPIPE and every error but a full queue).
[[nodiscard]] SendResult send_message(int socket, std::span<const std::byte> head,
                                      std::span<const std::byte> tail, std::span<const int> fds,
                                      Waiting waiting);

/// One received message. Descriptors belong to it: take them out or they are closed, which may wait where a
/// stranger made them.
struct ReceivedMessage {
    enum class State { message, nothing, end } state = State::nothing;
    std::size_t size = 0;   ///< bytes put into the caller's memory
    bool cut = false;       ///< it did not fit, the rest is gone; or more descriptors came than were wanted
    bool lost_fds = false;  ///< descriptors came that found no room in this process, and are gone
    pid_t sender = 0;       ///< by the kernel's word, 0 where it was not asked for
    std::vector<UniqueFd> fds;
};

/// Receives one message into `room`. `nothing`: none there (Waiting::no) or a signal came (Waiting::yes).
/// More than `most_fds` descriptors count as `cut`. An empty message cannot be told from the end, so nobody
/// sends one.
[[nodiscard]] ReceivedMessage receive_message(int socket, std::span<std::byte> room, std::size_t most_fds,
                                              Waiting waiting);

/// Who may set a socket's options: those who have a descriptor of the same end.
enum class Options : std::uint8_t { ours_alone, others_too };

/// Takes the messages that nobody has read, up to the first that carries descriptors. True: none does.
/// Closing the socket with such a one would have the kernel close those, which may wait; so would taking them
/// out. Where the options are others' too, the end cannot be told from an empty message: as many calls are
/// made as there may be messages, some thousands.
[[nodiscard]] bool discard_unread(int socket, Options options);

}  // namespace phalanx::os

#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// What accept4(2) found. Connections are blocking by their flags, which master and worker share; everybody
/// asks for MSG_DONTWAIT where waiting would be wrong.
struct Accepted {
    enum class State { connection, none, exhausted, broken } state = State::none;
    UniqueFd fd;
};
/// `exhausted`: a connection waits but no descriptor or memory is left for it. A connection that died while
/// it waited is passed over. `broken`: the socket does not listen any more (shutdown(2)).
[[nodiscard]] Accepted accept_connection(int listener);
/// Whether somebody has called shutdown(2) for the listening socket. A Unix socket that was shut for reading
/// only is ready for ever, and accept4(2) finds nobody.
[[nodiscard]] bool is_shut_down(int listener);

/// What a read that does not wait found. Descriptors that come with the bytes are closed.
struct ReadResult {
    enum class State { bytes, nothing, end } state = State::nothing;  ///< end: closed, reset or broken
    std::size_t size = 0;
};
/// Looks at what has arrived and leaves it there.
[[nodiscard]] ReadResult peek(int connection, std::span<std::byte> room);
/// Takes what has arrived.
[[nodiscard]] ReadResult read_available(int connection, std::span<std::byte> room);

/// Takes at least one byte, waiting up to `limit`; `nothing` after that.
[[nodiscard]] ReadResult read_some(int connection, std::span<std::byte> room,
                                   std::chrono::milliseconds limit);

/// What came first; of both at once, the message. A signal ends the wait.
enum class Came { nothing, bytes, message };
/// Waits for bytes (or the end) of a connection, or for a message of a channel.
[[nodiscard]] Came await_bytes_or_message(int connection, int channel, std::chrono::milliseconds limit);

/// What became of an answer: the peer has all of it (or its kernel), has taken nothing for too long, or is
/// gone.
enum class Delivery { whole, stalled, gone };
/// Sends all pieces, waiting up to `limit` each time the peer takes nothing. The pieces are used up.
[[nodiscard]] Delivery send_all(int connection, std::span<iovec> pieces, std::chrono::milliseconds limit);
/// The same, then end_sending(). A TCP peer gets both in one segment: it is woken once, and acknowledges
/// once.
[[nodiscard]] Delivery send_all_and_end(int connection, std::span<iovec> pieces,
                                        std::chrono::milliseconds limit);

/// Sends what the kernel takes at once, 0 bytes if it takes none; nothing when the peer is gone.
[[nodiscard]] std::optional<std::size_t> send_available(int connection, std::string_view bytes);

/// False: the peer takes nothing any more (a send of nothing fails: it has closed a Unix socket, or reset).
[[nodiscard]] bool can_send(int connection);

/// Nobody will read an answer: the peer has closed a Unix socket (one that has only ended its sending still
/// reads), a TCP one was reset or has ended its sending, which there cannot be told from a close.
[[nodiscard]] bool peer_is_gone(int connection);
/// The same for many at once, in one system call: sets `gone[i]` for `connections[i]`.
void find_gone_peers(std::span<const int> connections, std::span<bool> gone);

/// A Unix socket, as opposed to one of TCP.
[[nodiscard]] bool is_unix_socket(int socket);

/// shutdown(2) of our direction: the peer sees the end of what it is sent.
void end_sending(int connection);
/// shutdown(2) of both directions: the peer sees the end even while others hold duplicates.
void end_connection(int connection);
/// Closes at once even where somebody set SO_LINGER on the socket, which would make close(2) wait, or on one
/// that lies unread in its queue (SCM_RIGHTS). For sockets that nobody else goes on to read.
void close_without_lingering(UniqueFd connection);
/// Closes what a stranger sent if that cannot wait: a pipe, memory, a socket in which no descriptor lies
/// unread. Else gives it back, to be kept: close(2) of a file of FUSE waits for its server, however many
/// others have it open.
[[nodiscard]] UniqueFd close_if_harmless(UniqueFd strange);
/// shutdown(SHUT_RD): on a message socket whoever sends from now on gets EPIPE. Async-signal-safe.
void stop_receiving(int socket);

/// True for a connected stream socket whose own address is that of the listener (so it was accepted there).
[[nodiscard]] bool is_accepted_from(int connection, int listener);

/// The peer's IP address in text form, IPv4-mapped ones as IPv4; empty for Unix sockets.
[[nodiscard]] std::string peer_ip(int connection);

/// For people to read: "127.0.0.1:40312", "[::1]:40312", for Unix sockets "pid 71 (uid 33)" of whoever
/// connected.
[[nodiscard]] std::string peer_name(int connection);

/// listen.allowed_clients: exact IPv4 and IPv6 addresses; an IPv4 one also admits its mapped form.
class AllowedClients {
  public:
    /// Reads the comma-separated list. Bad items are told in `complaints`, in php-fpm's words.
    AllowedClients(std::string_view list, std::vector<std::string>& complaints);
    /// Everyone on a Unix socket, else only peers on the list.
    [[nodiscard]] bool admits(int connection) const;

  private:
    std::vector<std::string> addresses_;  ///< 16 bytes each
};

}  // namespace phalanx::os

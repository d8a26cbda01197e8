#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/socket_acl.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// Where a pool listens (php-fpm: "listen"): a Unix socket's path, or a TCP port with or without a host.
struct ListenAddress {
    enum class Kind { unix_path, tcp } kind = Kind::unix_path;
    std::string path;  ///< Unix only
    std::string host;  ///< TCP: name or number, empty: every address
    std::uint16_t port = 0;
};

/// A longer path of a Unix socket cannot be bound (unix(7): 108 bytes with the zero at the end).
inline constexpr std::size_t longest_socket_path = 107;

/// php-fpm's rule: with a colon, or all digits, it is TCP (the last colon splits, brackets around an IPv6
/// address go), else a path. A bad port is an error in php-fpm's words.
[[nodiscard]] base::Result<ListenAddress> parse_listen_address(std::string_view text);

/// Who may connect to a Unix socket. Negative ids leave the owner as it is.
struct SocketOwner {
    std::int64_t uid = -1;
    std::int64_t gid = -1;
    mode_t mode = 0660;
    AccessList others{};  ///< who may connect besides
    std::string label{};  ///< in front of what cannot be done for an owner: php-fpm names the pool there
};

/// Whose a Unix socket's file is, and so who removes it in the end.
enum class SocketFile { ours, lent };

/// A socket that listens: non-blocking, close-on-exec, SO_REUSEADDR and (TCP) TCP_NODELAY, which the
/// connections it accepts inherit.
struct ListenSocket {
    UniqueFd fd;
    std::string bound_path;  ///< Unix: its file, empty for TCP
    dev_t device = 0;        ///< of that file, so that nobody else's is removed
    ino_t inode = 0;
    SocketFile file = SocketFile::ours;
};

/// What php-fpm says on the way to a listening socket, whether it gets there or not.
struct ListenRemarks {
    std::vector<std::string> notices;
    std::vector<std::string> warnings;  ///< of addresses it ignores
};

/// The addresses that the host's name stands for, as numbers, in the order in which they are to be tried.
/// Asks the name service where there is a name, and so may wait. Unix sockets and addresses without a host
/// are their own only address. Error: "getaddrinfo: TEXT".
[[nodiscard]] base::Result<std::vector<ListenAddress>> numeric_addresses(const ListenAddress& address);

/// Binds and listens at the first of these numeric addresses that can be had. A Unix socket file that nobody
/// listens on is replaced; one in use, or a file that is no socket, is an error and stays. `backlog` below 0:
/// as many as the kernel allows (net.core.somaxconn). `text` is the address as configured, for the messages.
/// Never waits.
[[nodiscard]] base::Result<ListenSocket> listen_on(std::span<const ListenAddress> addresses,
                                                   std::string_view text, std::int64_t backlog,
                                                   const SocketOwner& owner, ListenRemarks& remarks);

/// A socket that listens already, made by somebody else or by us in a former life.
[[nodiscard]] ListenSocket adopt_listener(UniqueFd fd, SocketFile file);

/// php-fpm's name for where a socket listens: the path, or "127.0.0.1:9000", "::1:9000", ":::9000".
[[nodiscard]] std::string bound_name(const ListenSocket& socket);
/// The names a socket at these addresses may have.
[[nodiscard]] std::vector<std::string> possible_names(std::span<const ListenAddress> addresses);
/// Tells files apart: device and inode.
using SocketFileId = std::pair<dev_t, ino_t>;
/// That of a Unix socket's own file, and of what is at a path, if anything is.
[[nodiscard]] SocketFileId file_id(const ListenSocket& socket);
[[nodiscard]] std::optional<SocketFileId> file_id(const std::string& path);
/// Whether clients still find it: nobody has removed or replaced a Unix socket's file, or ended listening by
/// shutdown(2).
[[nodiscard]] bool can_be_found(const ListenSocket& socket);
/// A second descriptor for the same socket (and its file).
[[nodiscard]] base::Result<ListenSocket> duplicate(const ListenSocket& socket);

/// Removes the socket's file if it is still the one that was bound, and ours.
void remove_socket_file(const ListenSocket& socket);

/// Whether somebody has connected and waits to be accepted.
[[nodiscard]] bool has_connection(const UniqueFd& listening);

}  // namespace phalanx::os

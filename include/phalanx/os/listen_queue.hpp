#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// Connections waiting in the kernel to be accepted, and the most that may.
struct Backlog {
    std::uint32_t waiting = 0;
    std::uint32_t limit = 0;
};

/// The file that a Unix socket is bound to; of its number the kernel tells the lower half.
struct BoundFile {
    dev_t device = 0;
    std::uint32_t inode = 0;
};

/// Asks the kernel how many connections wait at listening sockets: TCP_INFO for TCP (tcp(7)), sock_diag(7)
/// for Unix sockets, for which it keeps a netlink socket from the first question on. Never waits.
class ListenQueues {
  public:
    /// Nothing where the kernel cannot tell (sock_diag may be missing in a container).
    [[nodiscard]] std::optional<Backlog> look(int listener);
    /// Where a Unix socket's file is or was; nothing where the kernel cannot tell.
    [[nodiscard]] std::optional<BoundFile> file_of(int listener);

  private:
    /// What sock_diag shows of a Unix socket: the attribute of this type. Empty where there is none.
    [[nodiscard]] std::vector<std::byte> ask(int socket, std::uint32_t show, std::uint16_t type);

    UniqueFd netlink_;
    bool unavailable_ = false;
    std::uint32_t sequence_ = 0;
};

}  // namespace phalanx::os

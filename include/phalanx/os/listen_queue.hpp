#pragma once

#include <cstdint>
#include <optional>

#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// Connections waiting in the kernel to be accepted, and the most that may.
struct Backlog {
    std::uint32_t waiting = 0;
    std::uint32_t limit = 0;
};

/// Asks the kernel how many connections wait at listening sockets: TCP_INFO for TCP (tcp(7)), sock_diag(7)
/// for Unix sockets, for which it keeps a netlink socket from the first question on. Never waits.
class ListenQueues {
  public:
    /// Nothing where the kernel cannot tell (sock_diag may be missing in a container).
    [[nodiscard]] std::optional<Backlog> look(int listener);

  private:
    [[nodiscard]] std::optional<Backlog> look_at_unix_socket(std::uint32_t inode);

    UniqueFd netlink_;
    bool unavailable_ = false;
    std::uint32_t sequence_ = 0;
};

}  // namespace phalanx::os

#pragma once

#include <utility>
#include <vector>

#include "phalanx/os/stream_socket.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::master {

/// Where descriptors go that a process of a pool sent against the rules. To close a stranger's descriptor can
/// make the master wait, for a FUSE file as long as its server likes. For sockets it is known how to avoid
/// that; everything else is kept for good.
class ForeignDescriptors {
  public:
    void take(os::UniqueFd fd) {
        if (!fd) return;
        if (os::is_socket(fd.get())) return os::close_without_lingering(std::move(fd));
        kept_.push_back(std::move(fd));
    }
    void take(std::vector<os::UniqueFd> fds) {
        for (os::UniqueFd& fd : fds) take(std::move(fd));
    }

  private:
    std::vector<os::UniqueFd> kept_;
};

}  // namespace phalanx::master

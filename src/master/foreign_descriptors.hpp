#pragma once

#include <utility>
#include <vector>

#include "phalanx/os/stream_socket.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::master {

/// Where descriptors go that a process of a pool sent against the rules, of all pools. To close a stranger's
/// descriptor can make the master wait, for a FUSE file as long as its server likes. Of pipes, memory and
/// most sockets it is known how to avoid that; everything else is kept for good: also by a master that ends,
/// whose descriptors the kernel closes. What bounds them is that a pool which sends such things is stopped
/// (conduct.hpp).
class ForeignDescriptors {
  public:
    ForeignDescriptors() = default;
    ForeignDescriptors(const ForeignDescriptors&) = delete;
    ForeignDescriptors& operator=(const ForeignDescriptors&) = delete;
    ~ForeignDescriptors() {
        for (os::UniqueFd& fd : kept_) (void)fd.release();
    }

    void take(os::UniqueFd fd) { keep(os::close_if_harmless(std::move(fd))); }
    void take(std::vector<os::UniqueFd> fds) {
        for (os::UniqueFd& fd : fds) take(std::move(fd));
    }
    /// One that is known not to be safe to close.
    void keep(os::UniqueFd fd) {
        if (fd) kept_.push_back(std::move(fd));
    }

  private:
    std::vector<os::UniqueFd> kept_;
};

}  // namespace phalanx::master

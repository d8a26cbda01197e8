#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "phalanx/os/passed_sockets.hpp"

namespace phalanx::master {

/// The service manager's copies of our listening sockets (FDSTORE, systemd.service(5)): they outlive a master
/// that crashes, and the next one gets them back, so that nobody is refused meanwhile. Sockets that are lent
/// are the manager's anyway. Owned by Master.
class SocketStore {
  public:
    /// What was given back is still in the store.
    void know(const os::PassedSockets& passed);
    /// The store is to hold these and no others. What the manager cannot be told now, the next call tells.
    void keep(const std::vector<const os::ListenSocket*>& sockets);

  private:
    std::map<std::string, ino_t> stored_;  ///< which socket lies there under the name
};

}  // namespace phalanx::master

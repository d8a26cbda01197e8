#pragma once

#include <optional>

#include "phalanx/base/ids.hpp"
#include "phalanx/link/worker_side.hpp"
#include "phalanx/os/epoll_set.hpp"

namespace phalanx::worker {

/// Where an idle worker waits for the master's messages and, as one of the first of its pool, for
/// connections: whoever connects wakes it and nobody else, which saves the way through the master (two
/// wake-ups, ten system calls). The kernel asks the waiting workers in the order in which they have joined
/// and takes the first (EPOLLEXCLUSIVE), so that a half-busy pool keeps few of them busy.
class Door {
  public:
    /// Workers from this slot on hear of connections through the master alone: each connection costs the
    /// kernel a look at every worker that is at the door and busy.
    static constexpr std::uint16_t places = 16;

    Door(int listener, int channel, base::WorkerSlot slot);

    /// Whether this worker is told of connections.
    [[nodiscard]] bool is_open() const { return is_open_; }
    /// Until a signal, a message, or a connection; of both at once, the connection: nobody else may have been
    /// told of it.
    [[nodiscard]] link::Came wait();
    /// Nothing can be accepted there: not to hear of it for ever.
    void shut();
    /// Tries it again.
    void open();
    /// In a fork of the worker that is not to be one.
    void forget() { set_.reset(); }

  private:
    int listener_;
    std::optional<os::EpollSet> set_;
    bool is_open_ = false;
};

}  // namespace phalanx::worker

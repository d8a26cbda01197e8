#pragma once

#include <chrono>
#include <cstdint>

#include "inheritance.hpp"
#include "phalanx/link/worker_side.hpp"

namespace phalanx::worker {

/// An idle worker's wait for the next request of a kept connection that it has just answered: a client that
/// goes on soon saves both the way through the master, which is two wake-ups and four messages. To the master
/// the worker is as idle as others: a job that comes first is served first, and the connection goes back to
/// the master's care.
///
/// One for each worker. Clients that do not go on soon teach it not to wait.
class Linger {
  public:
    /// Longer than the kernel's tick: a nearer end would have the processor's timer set for each request.
    static constexpr std::chrono::milliseconds limit{20};

    /// `control_seen`: the worker's count of control messages that it has dealt with.
    Linger(const Inheritance& inherited, base::WorkerSlot slot, const std::uint32_t& control_seen);

    /// False: others wait, the worker is wanted elsewhere, or experience speaks against it.
    [[nodiscard]] bool is_worth_it();
    /// Until a signal, a message of the channel, bytes or the end of the connection, or the limit.
    [[nodiscard]] link::Came wait(int connection, int channel);

  private:
    [[nodiscard]] bool is_wanted_elsewhere() const;
    void learn(bool came);

    const Inheritance& inherited_;
    base::WorkerSlot slot_;
    const std::uint32_t& control_seen_;
    std::uint32_t failures_ = 0;  ///< in a row
    std::uint32_t skips_ = 0;     ///< occasions to let go by before the next try
};

}  // namespace phalanx::worker

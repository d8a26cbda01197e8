#pragma once

#include <chrono>
#include <cstdint>

#include "inheritance.hpp"

namespace phalanx::worker {

/// A worker's short wait for the next request of a kept connection that it has just answered: a client that
/// goes on at once saves both the way through the master, which is two wake-ups and four messages. A request
/// is a step of its own for everybody else: between two of them the worker sees to it that nobody waits, and
/// gives the connection back (to the master's care) as soon as somebody does.
///
/// One for each worker. Clients that never go on at once teach it not to wait.
class Linger {
  public:
    /// How long a new connection can be kept waiting by one that may not even go on.
    static constexpr std::chrono::microseconds limit{150};

    /// `control_seen`: the worker's count of control messages that it has dealt with.
    Linger(const Inheritance& inherited, base::WorkerSlot slot, const std::uint32_t& control_seen);

    /// The next request begins to arrive, or the connection's end. False: it has not come in time, others
    /// wait, the worker is wanted elsewhere, or it is not worth trying.
    [[nodiscard]] bool next_comes(int connection);

  private:
    [[nodiscard]] bool is_wanted_elsewhere() const;
    [[nodiscard]] bool worth_trying();
    void learn(bool came);

    const Inheritance& inherited_;
    base::WorkerSlot slot_;
    const std::uint32_t& control_seen_;
    std::uint32_t failures_ = 0;  ///< in a row
    std::uint32_t skips_ = 0;     ///< occasions to let go by before the next try
};

}  // namespace phalanx::worker

#pragma once

#include <chrono>
#include <cstdint>

namespace phalanx::worker {

/// Lets a client run that shares the processor and is about to connect or to send (sched_yield(2)): that
/// costs less than to sleep and be woken. A neighbour that computes without end keeps the processor for a
/// whole time slice then (3 ms and more), where a sleeper would be woken into it: whoever has seen that
/// pauses.
class PoliteYield {
  public:
    /// What only connects or sends is done sooner, what computes later.
    static constexpr std::chrono::milliseconds slow{1};
    /// Occasions let go by after a slow one; twice as many after each further one.
    static constexpr std::uint32_t shortest_pause = 256;
    static constexpr std::uint32_t longest_pause = 16'384;

    void give_way();

    // The two halves of that.
    [[nodiscard]] bool is_worth_it();
    void learn(std::chrono::nanoseconds took);

  private:
    std::uint32_t pause_ = 0;  ///< after the last slow one, halved by each other one since
    std::uint32_t skips_ = 0;  ///< occasions of it still to let go by
};

}  // namespace phalanx::worker

#pragma once

#include <chrono>
#include <cstdint>

namespace phalanx::worker {

/// Lets others run that share the processor (sched_yield(2)): a client that is about to connect or to send,
/// for which a worker would otherwise sleep and be woken; one with many answers to read, which would get its
/// turn only with the kernel's next tick. A neighbour that computes without end keeps the processor for a
/// whole time slice then (3 ms and more), where a sleeper would be woken into it: whoever has seen that
/// pauses.
class PoliteYield {
  public:
    /// Occasions let go by after a slow one; twice as many after each further one.
    static constexpr std::uint32_t shortest_pause = 256;
    static constexpr std::uint32_t longest_pause = 16'384;

    /// `slow`: what takes longer is no client. `every`: one in so many occasions is taken.
    explicit PoliteYield(std::chrono::nanoseconds slow, std::uint32_t every = 1)
        : slow_(slow), others_(every - 1), skips_(others_) {}

    /// What a client with a hundred answers to read hardly takes, and a neighbour that computes mostly
    /// exceeds: it keeps the processor until one of the kernel's ticks.
    [[nodiscard]] static std::chrono::nanoseconds most_of_a_tick();

    void give_way();

    // The two halves of that.
    [[nodiscard]] bool is_worth_it();
    void learn(std::chrono::nanoseconds took);

  private:
    std::chrono::nanoseconds slow_;
    std::uint32_t others_;     ///< occasions between two that are taken
    std::uint32_t pause_ = 0;  ///< after the last slow one, halved by each other one since
    std::uint32_t skips_;      ///< occasions still to let go by
};

}  // namespace phalanx::worker

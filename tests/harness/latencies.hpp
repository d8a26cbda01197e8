#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace phalanx::harness {

/// Counts durations in buckets that grow with them (32 steps per doubling, so within about 3%), from 1 us to
/// over an hour, in fixed memory.
class Latencies {
  public:
    using Microseconds = std::chrono::microseconds;

    void add(Microseconds duration);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] Microseconds longest() const { return longest_; }
    /// The duration that this share (0 to 1) of all durations does not exceed.
    [[nodiscard]] Microseconds quantile(double share) const;

  private:
    static constexpr unsigned kStepBits = 5;
    static constexpr std::size_t kBuckets = std::size_t{64 - kStepBits + 1} << kStepBits;
    static std::size_t bucket(std::uint64_t value);
    static std::uint64_t upper_end(std::size_t bucket);

    std::array<std::uint64_t, kBuckets> buckets_{};
    std::uint64_t count_ = 0;
    Microseconds longest_{};
};

}  // namespace phalanx::harness

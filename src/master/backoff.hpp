#pragma once

#include <algorithm>
#include <chrono>

namespace phalanx::master {

/// How long to wait before a process that has ended is made again: not at all after a decent life or a first
/// early death, then ever longer while it keeps dying young.
class Backoff {
  public:
    using Milliseconds = std::chrono::milliseconds;
    /// Ends before this age count as young.
    static constexpr Milliseconds young{1000};

    /// `longest`: the pause doubles up to that.
    Backoff(Milliseconds first, Milliseconds longest) : first_(first), longest_(longest) {}

    /// The pause after a process that lived that long has ended.
    [[nodiscard]] Milliseconds after_end(Milliseconds lived) {
        early_deaths_ = lived < young ? early_deaths_ + 1 : 0;
        return pause();
    }
    /// The pause after one that was never of any use, however long it took to see that.
    [[nodiscard]] Milliseconds after_failure() {
        early_deaths_ = std::max(early_deaths_ + 1, 2);
        return pause();
    }
    void reset() { early_deaths_ = 0; }

  private:
    [[nodiscard]] Milliseconds pause() const {
        if (early_deaths_ < 2) return Milliseconds{0};
        const int doublings = std::min(early_deaths_ - 2, 16);
        return std::min(first_ * (1 << doublings), longest_);
    }

    Milliseconds first_;
    Milliseconds longest_;
    int early_deaths_ = 0;
};

}  // namespace phalanx::master

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "phalanx/base/clock.hpp"

namespace phalanx::master {

/// How a process of a pool broke the rules of its channel to the master.
enum class Breach : std::uint8_t {
    plain,  ///< it was ended, and another may take its place
    grave,  ///< it sent descriptors that the master can only keep, many at once perhaps: no more of these
};

/// How often a pool's processes have broken the rules: the pool that does it again and again is stopped,
/// because each time costs the master time, lines in its log, and perhaps a descriptor that it has to keep.
class Conduct {
  public:
    static constexpr std::size_t most_breaches = 5;
    static constexpr std::chrono::seconds window{60};

    /// Notes one more. True: that was one too many.
    [[nodiscard]] bool is_too_bad_after(Breach breach, base::MonotonicTime now) {
        recent_.push_back(now);
        while (now - recent_.front() >= window) recent_.pop_front();
        return breach == Breach::grave || recent_.size() >= most_breaches;
    }

  private:
    std::deque<base::MonotonicTime> recent_;  ///< within the window; not used any more once it was too bad
};

}  // namespace phalanx::master

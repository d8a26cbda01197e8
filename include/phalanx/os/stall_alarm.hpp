#pragma once

#include <ctime>

#include "phalanx/base/result.hpp"

namespace phalanx::os {

/// Frees this process from a system call that waits although none should: unless it is put off in time, a
/// signal comes (SIGALRM, whose handler does nothing), and again and again until it is put off; the call ends
/// with EINTR. A copy of the process and the program it executes have no such timer. One at a time.
class StallAlarm {
  public:
    [[nodiscard]] static base::Result<StallAlarm> create();
    StallAlarm(StallAlarm&& other) noexcept;
    StallAlarm& operator=(StallAlarm&&) = delete;
    ~StallAlarm();

    /// Not within the next 1.5 s.
    void put_off();

  private:
    explicit StallAlarm(timer_t timer) : timer_(timer), made_(true) {}
    timer_t timer_;
    bool made_;
};

}  // namespace phalanx::os

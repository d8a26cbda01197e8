#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>

#include "phalanx/base/clock.hpp"

namespace phalanx::master {

class EventLoop;
class Timer;

/// The timers that run, by when they ring.
class TimerQueue {
  public:
    /// How long nothing has to be done, in whole milliseconds so that it is over then; nothing where no timer
    /// runs.
    [[nodiscard]] std::optional<std::chrono::milliseconds> time_to_next() const;
    /// Rings all whose time has come.
    void ring();

  private:
    friend class Timer;
    using Running = std::multimap<base::MonotonicTime, Timer*>;
    Running running_;
};

/// A timer that calls a function once, unless it is set anew or cancelled before. It may go at any time, also
/// from within the function.
class Timer {
  public:
    explicit Timer(EventLoop& loop);
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }

    void start(std::chrono::milliseconds after, std::function<void()> action);
    void cancel();
    [[nodiscard]] bool armed() const { return place_ != queue_.running_.end(); }

  private:
    friend class TimerQueue;
    TimerQueue& queue_;
    TimerQueue::Running::iterator place_;  ///< the queue's end where it does not run
    std::function<void()> action_;
};

}  // namespace phalanx::master

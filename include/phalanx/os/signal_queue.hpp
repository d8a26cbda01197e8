#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <span>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// Signals as something to read (signalfd(2)) instead of something that interrupts: one that comes again
/// before it was taken comes once, so however many somebody sends, each look finds a bounded number of them.
/// What waits stays over an exec(2), for the program that opens the next queue; a copy of the process
/// (fork(2)) begins with nothing waiting.
class SignalQueue {
  public:
    /// From now on these wait here, whatever they did before, and no other signal is blocked. For a process
    /// with one thread.
    [[nodiscard]] static base::Result<SignalQueue> open(std::span<const int> signals);

    using Room = std::array<int, NSIG>;
    /// All that wait now, by number; the filled part of `room`. Does not wait.
    [[nodiscard]] std::span<const int> take(Room& room);
    [[nodiscard]] int fd() const { return fd_.get(); }  ///< readable while one waits

  private:
    explicit SignalQueue(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace phalanx::os

#pragma once

#include "phalanx/os/unique_fd.hpp"

namespace phalanx::app {

/// The side of a daemonised start that goes on: tells the caller, who waits, how it went.
class StartReport {
  public:
    StartReport() = default;
    explicit StartReport(os::UniqueFd pipe) : pipe_(std::move(pipe)) {}
    /// The caller exits with 0 now. Without a caller, nothing happens.
    void succeed();

  private:
    os::UniqueFd pipe_;  ///< closed without a word: the start has failed
};

/// php-fpm's way into the background: the caller's process waits up to 10 s for the report of the new one and
/// exits with 0 or 70; the new one returns from here with a session of its own and its standard input and
/// output on /dev/null. Standard error stays until the start is over.
[[nodiscard]] StartReport go_to_background();

}  // namespace phalanx::app

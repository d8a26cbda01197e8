#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "phalanx/php/request_port.hpp"

namespace phalanx::php {

/// What a pool allows its requests.
struct RequestPolicy {
    std::vector<std::string> limit_extensions;  ///< security.limit_extensions; empty: every script may run
};

/// What became of a request and of the process that ran it.
enum class RequestOutcome : std::uint8_t {
    served,            ///< answered, in whatever way; the worker is fit for the next one
    served_last,       ///< answered, but it changed the process for good: exit with code 0
    worker_must_leave  ///< PHP failed outside of a script: exit with code 70
};

/// Runs one request from its parameters to the end of PHP's request shutdown: environment fix-up, refusals,
/// script, shutdown functions. The port has then been given the whole answer; to send its end is the
/// caller's. Not reentrant; start_engine() must have succeeded.
[[nodiscard]] RequestOutcome run_request(RequestPort& port, const RequestPolicy& policy);

/// In a copy of this process that the running script has made (pcntl_fork): from here on the request has this
/// port, and its output is dropped.
void hand_request_to(RequestPort& port) noexcept;

/// What the last script left with: its exit() code, 255 after a fatal error.
[[nodiscard]] int exit_status() noexcept;

}  // namespace phalanx::php

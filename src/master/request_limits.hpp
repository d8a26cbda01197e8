#pragma once

#include <chrono>
#include <cstdint>

#include "phalanx/config/settings.hpp"
#include "phalanx/status/scoreboard.hpp"

namespace phalanx::master {

/// What a look at a worker's request finds.
struct RequestFindings {
    bool is_slow = false;     ///< longer than request_slowlog_timeout, and not found so before
    bool is_overdue = false;  ///< longer than request_terminate_timeout
};

/// How often to look (php-fpm): a third of the shorter of both limits, so that it is exceeded by a third at
/// most, but not below 130 ms; 0: there is nothing to look for.
[[nodiscard]] std::chrono::milliseconds watch_interval(const config::PoolSettings& settings);

/// Judges the request that a worker has now. `slow_request`: which of its requests was last found to be slow.
/// Slow is only one whose script runs; overdue also one that is read, and with
/// request_terminate_timeout_track_finished one that has been answered. One that is found to be slow is
/// overdue at the next look at the earliest (php-fpm), so that its stack can be read before it is ended.
[[nodiscard]] RequestFindings judge_request(const config::PoolSettings& settings,
                                            const status::SlotSnapshot& now, std::uint64_t slow_request);

}  // namespace phalanx::master

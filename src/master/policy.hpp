#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "phalanx/config/settings.hpp"

namespace phalanx::master {

/// How many workers a pool should have: php-fpm's rules ("pm", compat section 4) as a pure function from what
/// is seen to what is to be done, and one rule more: connections that wait make dynamic and ondemand pools
/// grow at once, by as many workers as they need. Who makes and ends workers is the Recruiter.
struct PoolView {
    std::size_t live = 0;      ///< workers serving or ordered, leaving ones included
    std::size_t starting = 0;  ///< of those: ordered, not yet serving
    std::size_t idle = 0;
    std::chrono::milliseconds longest_idle{0};  ///< of the worker that has been idle longest
    std::size_t waiting = 0;  ///< connections that nobody serves yet, where that was looked at
    bool outlived = false;    ///< an idle worker has outlived pm.max_lifetime
    bool tick = false;        ///< the once-a-second look, at which min and max_spare count
};

/// What the rules remember from look to look. The number of workers to make is always `wanted` minus those
/// that live, so a worker that dies is replaced without anybody keeping count of events.
struct PolicyState {
    std::size_t wanted = 0;
    bool started = false;
    std::size_t spawn_rate = 1;
    bool warned_of_limit = false;
};

struct PolicyDecision {
    std::size_t spawn = 0;
    std::size_t retire = 0;  ///< idle workers to send away, highest slots first
    bool renew = false;      ///< the idle worker that has outlived its time is to go
    enum class Report : std::uint8_t { nothing, limit_reached, busy } report = Report::nothing;
    std::size_t reported_rate = 0;
};

[[nodiscard]] PolicyDecision decide(const config::PoolSettings& settings, const PoolView& view,
                                    PolicyState& state);

}  // namespace phalanx::master

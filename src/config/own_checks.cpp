#include <fmt/format.h>

#include <array>
#include <limits>

#include "checks.hpp"

namespace phalanx::config {
namespace {

using std::chrono::seconds;

/// Waits become timers of milliseconds: far below their end, and longer than anybody waits.
constexpr seconds longest_time = std::chrono::hours(24) * 365;

struct TimeRule {
    const char* name;
    seconds PoolSettings::*home;
    std::int64_t least;
};
struct NumberRule {
    const char* name;
    std::int64_t PoolSettings::*home;
    std::int64_t least;
};

}  // namespace

bool check_own_directives(const PoolSettings& pool, const CheckContext& context) {
    using P = PoolSettings;
    constexpr std::array times{TimeRule{"queue.timeout", &P::queue_timeout, 0},
                               TimeRule{"keepalive_timeout", &P::keepalive_timeout, 0},
                               TimeRule{"request_header_timeout", &P::request_header_timeout, 1},
                               TimeRule{"request_body_timeout", &P::request_body_timeout, 1},
                               TimeRule{"response_write_timeout", &P::response_write_timeout, 1},
                               TimeRule{"pm.max_lifetime", &P::pm_max_lifetime, 0},
                               TimeRule{"pm.template_idle_timeout", &P::pm_template_idle_timeout, 0}};
    for (const TimeRule& rule : times) {
        const std::int64_t value = (pool.*rule.home).count();
        if (value >= rule.least && value <= longest_time.count()) continue;
        return context.fail(pool, fmt::format("{}({}) must be between {} and {} seconds", rule.name, value,
                                              rule.least, longest_time.count()));
    }
    constexpr std::array numbers{NumberRule{"queue.max_length", &P::queue_max_length, 1},
                                 NumberRule{"queue.max_connections", &P::queue_max_connections, 0}};
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    for (const NumberRule& rule : numbers) {
        const std::int64_t value = pool.*rule.home;
        if (value >= rule.least && value <= most) continue;
        return context.fail(
            pool, fmt::format("{}({}) must be between {} and {}", rule.name, value, rule.least, most));
    }
    if (pool.worker_program.empty() || pool.worker_program.starts_with('/')) return true;
    return context.fail(
        pool, fmt::format("the worker_program path '{}' must start with a '/'", pool.worker_program));
}

}  // namespace phalanx::config

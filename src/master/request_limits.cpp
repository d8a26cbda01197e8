#include "request_limits.hpp"

#include <algorithm>

namespace phalanx::master {
namespace {

using status::Stage;

constexpr std::chrono::milliseconds shortest_interval{130};

bool counts(const config::PoolSettings& settings, Stage stage) {
    if (stage == Stage::idle) return false;
    const bool finished = stage == Stage::ending || stage == Stage::finishing;
    return !finished || settings.request_terminate_timeout_track_finished;
}

}  // namespace

std::chrono::milliseconds watch_interval(const config::PoolSettings& settings) {
    std::chrono::milliseconds shortest{0};
    for (const std::chrono::milliseconds limit :
         {std::chrono::milliseconds(settings.request_terminate_timeout),
          std::chrono::milliseconds(settings.request_slowlog_timeout)}) {
        if (limit.count() > 0 && (shortest.count() == 0 || limit < shortest)) shortest = limit;
    }
    return shortest.count() == 0 ? shortest : std::max(shortest / 3, shortest_interval);
}

RequestFindings judge_request(const config::PoolSettings& settings, const status::SlotSnapshot& now,
                              std::uint64_t slow_request) {
    const std::chrono::microseconds elapsed(now.duration_usec);
    const auto exceeds = [elapsed](std::chrono::seconds limit) {
        return limit.count() > 0 && elapsed >= limit;
    };
    RequestFindings findings;
    findings.is_slow = exceeds(settings.request_slowlog_timeout) && now.stage == Stage::running &&
                       now.requests != slow_request;
    findings.is_overdue =
        !findings.is_slow && exceeds(settings.request_terminate_timeout) && counts(settings, now.stage);
    return findings;
}

}  // namespace phalanx::master

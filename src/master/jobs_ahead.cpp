#include "jobs_ahead.hpp"

#include <algorithm>

namespace phalanx::master {

JobsAhead::JobsAhead(std::size_t workers, std::uint64_t requests_per_worker)
    : workers_(workers),
      limit_(requests_per_worker == 0 ? most_jobs : std::min(most_jobs, requests_per_worker / 10)) {}

void JobsAhead::pace_is(std::chrono::microseconds interval, std::uint64_t begun, std::size_t busy_workers) {
    const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(interval.count(), 1)) * busy_workers;
    depth_ = std::min(
        limit_, static_cast<std::uint64_t>(most_work.count()) * begun / std::max<std::uint64_t>(time, 1));
}

void JobsAhead::sent(base::WorkerSlot worker, std::uint64_t begun) {
    Worker& it = workers_[worker.number()];
    it.expected = std::max(it.expected, begun) + 1;
}

void JobsAhead::came_back(base::WorkerSlot worker, std::uint64_t begun) {
    workers_[worker.number()] = {begun, begun + 1};
}

bool JobsAhead::is_wanted_by(base::WorkerSlot worker, std::uint64_t begun) const {
    const Worker& it = workers_[worker.number()];
    if (it.stuck_at == begun + 1) return false;
    return std::max(it.expected, begun) - begun < depth_;
}

}  // namespace phalanx::master

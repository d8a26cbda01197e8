#include "jobs_ahead.hpp"

#include <algorithm>
#include <limits>

namespace phalanx::master {

JobsAhead::JobsAhead(std::size_t workers, std::uint64_t requests_per_worker)
    : workers_(workers),
      last_request_(requests_per_worker == 0 ? std::numeric_limits<std::uint64_t>::max()
                                             : requests_per_worker - requests_per_worker / 10) {}

void JobsAhead::pace_is(std::chrono::microseconds interval, std::uint64_t begun, std::size_t busy_workers) {
    const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(interval.count(), 1)) * busy_workers;
    depth_ = std::min(
        most_jobs, static_cast<std::uint64_t>(most_work.count()) * begun / std::max<std::uint64_t>(time, 1));
}

void JobsAhead::sent(base::WorkerSlot worker, std::uint64_t begun) {
    Worker& it = workers_[worker.number()];
    it.expected = std::max(it.expected, begun) + 1;
}

void JobsAhead::came_back(base::WorkerSlot worker, std::uint64_t begun) {
    workers_[worker.number()] = {begun, begun + 1};
}

void JobsAhead::is_full(base::WorkerSlot worker, std::uint64_t begun) {
    workers_[worker.number()].stuck_at = begun + 1;
}

std::chrono::microseconds JobsAhead::busy_for(base::WorkerSlot worker, std::uint64_t begun,
                                              std::chrono::microseconds last_duration) const {
    const std::uint64_t expected = std::max(workers_[worker.number()].expected, begun);
    return (last_duration + between_requests) *
           static_cast<std::int64_t>(std::min(expected - begun, most_jobs));
}

bool JobsAhead::is_wanted_by(base::WorkerSlot worker, std::uint64_t begun) const {
    const Worker& it = workers_[worker.number()];
    if (it.stuck_at == begun + 1) return false;
    const std::uint64_t expected = std::max(it.expected, begun);
    return expected - begun < depth_ && expected < last_request_;
}

}  // namespace phalanx::master

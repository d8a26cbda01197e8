#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "phalanx/base/ids.hpp"

namespace phalanx::master {

/// Which busy workers of one pool get the line's next requests before they have asked for them, and how many.
/// A worker whose requests take some ten microseconds is slowed down more by being woken for each of them
/// than by the requests; with a few in its channel it goes from one to the next, and the master can rest
/// meanwhile.
///
/// What lies there is worth at most `most_work`, so that nobody waits behind others for longer than that;
/// whoever lies behind a request that takes unexpectedly long is taken back (Dispatcher::check_untaken_jobs).
/// Pure: it knows of workers only what it is told.
class JobsAhead {
  public:
    /// How much work may lie in one worker's channel, and how many requests.
    static constexpr std::chrono::microseconds most_work{1'000};
    static constexpr std::uint64_t most_jobs = 8;
    /// What a short request costs its worker besides the time that is measured.
    static constexpr std::chrono::microseconds between_requests{4};

    /// `workers`: slots of the pool; `requests_per_worker`: pm.max_requests, 0 without a limit. One that
    /// leaves serves what lies in its channel first, so whoever may leave soon (its limit is up to a tenth
    /// less) gets nothing.
    JobsAhead(std::size_t workers, std::uint64_t requests_per_worker);

    /// The workers, all of them busy, have begun so many requests in this time.
    void pace_is(std::chrono::microseconds interval, std::uint64_t begun, std::size_t busy_workers);
    [[nodiscard]] bool are_given() const { return depth_ > 0; }

    /// A new worker is in the slot.
    void joined(base::WorkerSlot worker) { workers_[worker.number()] = {}; }
    /// A job was sent to the worker; `begun`: the requests it has begun so far, as it says itself.
    void sent(base::WorkerSlot worker, std::uint64_t begun);
    /// Jobs of the worker were taken back: it gets none until it begins another request.
    void came_back(base::WorkerSlot worker, std::uint64_t begun);
    /// The worker's channel has no room: the same.
    void is_full(base::WorkerSlot worker, std::uint64_t begun);
    /// How long the worker will be busy with what lies in its channel, if that takes as long as its last
    /// request did.
    [[nodiscard]] std::chrono::microseconds busy_for(base::WorkerSlot worker, std::uint64_t begun,
                                                     std::chrono::microseconds last_duration) const;
    [[nodiscard]] bool is_wanted_by(base::WorkerSlot worker, std::uint64_t begun) const;

  private:
    struct Worker {
        std::uint64_t expected = 0;  ///< what `begun` will be when nothing is in its channel any more
        std::uint64_t stuck_at = 0;  ///< of `begun`, + 1
    };
    std::vector<Worker> workers_;
    std::uint64_t last_request_;  ///< that a worker serves for sure
    std::uint64_t depth_ = 0;
};

}  // namespace phalanx::master

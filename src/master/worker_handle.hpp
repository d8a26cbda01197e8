#pragma once

#include <sys/types.h>

#include <optional>

#include "event_loop.hpp"
#include "job_channel.hpp"
#include "phalanx/base/clock.hpp"
#include "phalanx/base/ids.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::master {

/// The life of one slot of a pool, as the master sees it:
///
///   absent --spawn order sent--> ordered --hello--> serving --leave sent, or unreachable--> leaving
///   ordered --no hello in time, or dead--> absent          serving, leaving --reaped--> absent
enum class WorkerLife : std::uint8_t { absent, ordered, serving, leaving };

/// The master's side of one worker (its partner: worker::Worker). Owned by its pool, one per slot, used again
/// for the next worker of the slot.
struct WorkerHandle {
    base::WorkerSlot slot;
    WorkerLife life = WorkerLife::absent;
    pid_t pid = 0;
    pid_t announced_pid = 0;  ///< by its template, while it is ordered: only to recognise its end
    os::UniqueFd pidfd;
    JobChannel channel;
    Watch channel_watch;
    std::uint64_t begun_at_look = 0;  ///< its requests when it was last looked whether it takes its jobs
    base::MonotonicTime changed_at;   ///< when it was ordered, then when it said hello
    bool replaces_dead = false;       ///< ordered because a worker of the slot had died
    std::uint64_t slow_request = 0;   ///< which of its requests was last found to be slow
    bool idle_killed = false;         ///< told to leave by the process management
    bool broke_rules = false;         ///< of its channel, and was ended for it
    /// When its request was found to take too long and it was told to end.
    std::optional<base::MonotonicTime> timed_out_at;
    std::uint64_t timed_out_request = 0;  ///< which of its requests that was
};

}  // namespace phalanx::master

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "phalanx/base/ids.hpp"
#include "phalanx/base/result.hpp"
#include "phalanx/os/shared_memory.hpp"

namespace phalanx::link {

using base::max_workers_per_pool;

/// Written by workers; the master only clears idle bits and takes no index, length, pid or state from here.
struct WorkersPage {
    /// Bit i: worker i waits for a job. Set by the worker; whoever clears it has its next request: the
    /// master, who sends a job, or the worker, which has found one by itself.
    std::atomic<std::uint64_t> idle[max_workers_per_pool / 64];
};

/// Written by the master alone (the memory's seal sees to it), read by workers.
struct alignas(64) MasterPage {
    /// 1: the listener is not watched, and an idle worker must write the wake-up eventfd (unless it waits at
    /// the door, and there is no line).
    std::atomic<std::uint32_t> wake;
    std::atomic<std::uint32_t> line;      ///< connections that wait in the master
    std::atomic<std::uint32_t> draining;  ///< 1: workers of this generation accept nothing more
    std::atomic<std::uint64_t>
        timed_out[max_workers_per_pool / 64];  ///< bit i: worker i is ended for its request's time
    /// Per slot, counted up with each message sent to a worker that may be busy (a control message, a job
    /// ahead) and with each job taken back: the worker looks at its channel before it goes on by itself.
    std::atomic<std::uint32_t> control[max_workers_per_pool];
};

/// The two sealed shared memories of one pool generation: the hand-shake's words, and behind them room for
/// the scoreboard (whose layout is the room `status`'s business).
class PoolPages {
  public:
    /// What the memories hold: the same numbers on both sides.
    struct Layout {
        std::size_t slots = 0;       ///< 1 .. max_workers_per_pool
        std::size_t slot_bytes = 0;  ///< scoreboard entry of one worker
        std::size_t pool_bytes = 0;  ///< what the master tells of the whole pool
    };

    [[nodiscard]] static base::Result<PoolPages> create(const Layout& layout);
    /// The template's side; workers inherit it by fork.
    [[nodiscard]] static base::Result<PoolPages> attach(int workers_fd, int master_fd, const Layout& layout);

    [[nodiscard]] WorkersPage& workers() const;
    [[nodiscard]] MasterPage& master() const;  ///< writing faults in any process but the master
    [[nodiscard]] std::span<std::byte> slot_area() const;
    [[nodiscard]] std::span<std::byte> pool_area() const;

    [[nodiscard]] int workers_fd() const { return workers_fd_.get(); }
    [[nodiscard]] int master_fd() const { return master_fd_.get(); }

    /// The master's: why it sends a worker SIGTERM.
    void set_timed_out(base::WorkerSlot slot, bool timed_out) const;
    /// Async-signal-safe.
    [[nodiscard]] bool is_timed_out(base::WorkerSlot slot) const;

    void set_idle(base::WorkerSlot slot) const;
    /// Clears the worker's idle bit. False: it was clear.
    bool take_idle(base::WorkerSlot slot) const;
    /// The lowest worker that is idle and in `eligible` (one bit per slot, as in WorkersPage).
    [[nodiscard]] std::optional<base::WorkerSlot> lowest_idle(std::span<const std::uint64_t> eligible) const;

  private:
    Layout layout_;
    os::UniqueFd workers_fd_;
    os::UniqueFd master_fd_;
    os::Mapping workers_;
    os::Mapping master_;
};

}  // namespace phalanx::link

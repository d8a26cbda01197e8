#pragma once

#include <cstddef>
#include <cstdint>

#include "connection_heir.hpp"

namespace phalanx::master {

class Forerunner;

/// What a pool's numbers go on from.
struct Estate {
    std::int64_t started_at = 0;
    std::uint64_t departed_requests = 0;
    std::uint64_t slow_requests = 0;
    std::uint64_t max_active = 0;
    std::uint64_t max_children_reached = 0;
    std::uint64_t max_listen_queue = 0;
    std::uint32_t live_workers = 0;
    std::uint32_t idle_workers = 0;
    bool warned_of_limit = false;
};

/// Whoever takes a pool's place: its next generation (Pool), or, seen from a former master, the pool in the
/// process that succeeds it (AbsentHeir).
class PoolHeir {
  public:
    /// A worker of the forerunner is gone: there may be room for one of the heir's.
    virtual void await_place() = 0;
    /// A worker of a forerunner that has left is gone; what was counted there since the last time.
    virtual void count_on(std::uint64_t requests, std::uint64_t slow) = 0;
    [[nodiscard]] virtual ConnectionHeir& connection_heir() = 0;
    /// The socket at which the pool listens, -1 where that is not known.
    [[nodiscard]] virtual int listener() const = 0;
    /// One that has left counts among its forerunners until it is gone.
    virtual void add_former(Forerunner& former) = 0;
    virtual void remove_former(Forerunner& former) = 0;

  protected:
    ~PoolHeir() = default;
};

/// Whoever serves at a pool's address before it does: its former generation (Pool), or, seen from the process
/// that was executed at an upgrade, the pool in the former master (FormerPool).
class Forerunner {
  public:
    /// Makes no more workers. False: not yet; it calls PoolHeir::await_place() once it is so.
    [[nodiscard]] virtual bool yield_to(PoolHeir& coming) = 0;
    [[nodiscard]] virtual bool yields_to(const PoolHeir& coming) const = 0;
    /// Has an idle worker leave, unless one is leaving anyway. False: every place is taken by a running
    /// request.
    [[nodiscard]] virtual bool makes_place() = 0;
    /// Nobody takes its place for now: it makes workers again.
    virtual void carry_on() = 0;
    [[nodiscard]] virtual Estate estate() const = 0;
    /// The heir serves. What waits here goes there, and whatever the workers still give back.
    virtual void leave_to(PoolHeir& heir) = 0;
    /// The heir is gone, or another has taken its place.
    virtual void set_heir(PoolHeir* heir) = 0;
    /// Workers that live or may come to be, with those of the ones before it.
    [[nodiscard]] virtual std::size_t living() const = 0;
    [[nodiscard]] virtual bool is_asleep() const = 0;
    /// As the one who gets what a pool that was to come has got already; nothing where that cannot be.
    [[nodiscard]] virtual PoolHeir* as_heir() = 0;

  protected:
    ~Forerunner() = default;
};

}  // namespace phalanx::master

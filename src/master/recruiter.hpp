#pragma once

#include <chrono>
#include <cstddef>

#include "backoff.hpp"
#include "event_loop.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/status/scoreboard.hpp"
#include "policy.hpp"
#include "pool_surroundings.hpp"
#include "staff.hpp"
#include "succession.hpp"
#include "template_handle.hpp"

namespace phalanx::master {

/// What the recruiter asks its pool, and tells it.
class RecruiterEvents {
  public:
    /// Whether it is this pool's turn to make workers: not once another generation is to take its place.
    [[nodiscard]] virtual bool may_recruit() const = 0;
    /// Workers that may still be made, so that those of all generations are never more than pm.max_children.
    [[nodiscard]] virtual std::size_t room() const = 0;
    /// Connections that nobody serves yet. Costs system calls.
    [[nodiscard]] virtual std::size_t waiting_connections() = 0;
    /// Nobody waits who needs another worker: the dispatcher may watch for the next one.
    virtual void growth_rests() = 0;
    /// Workers could not be made, or have died young, and are tried again.
    virtual void recruit_again() = 0;
    /// The template makes no workers, although it lives.
    virtual void template_does_nothing() = 0;

  protected:
    ~RecruiterEvents() = default;
};

/// Makes the number of a pool's workers what the policy wants: orders and retires, replaces what dies, not
/// too fast, and tries again what failed. Wanted minus living is looked at anew at every change and every
/// second, so nothing that is lost on the way leaves a pool short. Owned by the pool.
///
/// Growing at once: a request in the dispatcher's line begins a series of looks at how many wait, one each
/// 10 ms, until none of them needs another worker. A dynamic pool gives its busy workers the first 10 ms; an
/// ondemand pool grows at the first one, as php-fpm's does.
class Recruiter {
  public:
    struct Parts {
        PoolSurroundings& around;
        const config::PoolSettings& settings;
        Staff& staff;
        TemplateHandle& from;
        status::PoolPage& page;
        RecruiterEvents& events;
    };
    explicit Recruiter(const Parts& parts);

    /// Something has changed: workers that are missing are ordered.
    void reconcile() { act(view()); }
    /// php-fpm's maintenance, once a second.
    void tick();
    /// A connection waits, and no worker is idle.
    void connection_waits();
    /// Whether the pool can do anything for a connection that waits while no worker is idle.
    [[nodiscard]] bool can_grow() const;
    /// More workers are allowed than are wanted now.
    [[nodiscard]] bool is_below_limit() const;
    /// Workers that are missing cannot be made at the moment.
    void retry_later();
    /// The template could not make those that were ordered.
    void orders_failed();
    /// One that was ordered.
    void worker_came();
    /// There is a new template: nothing speaks against trying it at once.
    void template_started();
    /// A worker is gone that was not to go; see StaffEvents::worker_gone.
    void replace(std::chrono::milliseconds lived, bool in_vain);
    [[nodiscard]] bool is_pausing() const { return retry_timer_.armed(); }
    [[nodiscard]] bool wants_workers() const { return policy_.wanted > 0; }
    /// As many workers as were at work in the former generation are wanted again.
    void inherit(const Estate& former);
    [[nodiscard]] bool has_warned_of_limit() const { return policy_.warned_of_limit; }

  private:
    [[nodiscard]] bool may_act() const;
    [[nodiscard]] PoolView view() const;
    void act(const PoolView& view);
    [[nodiscard]] WorkerHandle* outlived() const;
    void order(std::size_t count, const PoolView& view);
    enum class More { maybe, no };
    [[nodiscard]] More grow();
    void look_again();
    void check_orders();
    void report(const PolicyDecision& decision) const;
    void say_look(const PoolView& view) const;
    void say(log::Level level, const std::string& text) const;

    Parts parts_;
    PolicyState policy_;
    /// A worker is cheap, and clients wait: who kills them one by one is not to silence the pool.
    Backoff backoff_{std::chrono::milliseconds(100), std::chrono::seconds(1)};
    // Since a worker came or the template started:
    unsigned failures_ = 0;    ///< orders that it says it could not carry out
    unsigned vain_looks_ = 0;  ///< looks that have found orders nobody has carried out
    Timer retry_timer_;
    Timer order_timer_;
    Timer look_timer_;
};

}  // namespace phalanx::master

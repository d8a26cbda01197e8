#pragma once

#include <deque>

#include "phalanx/config/settings.hpp"
#include "phalanx/link/trace.hpp"
#include "phalanx/log/slow_log.hpp"
#include "pool_surroundings.hpp"
#include "template_handle.hpp"
#include "worker_handle.hpp"

namespace phalanx::master {

/// The slow log of one pool: has the pool's template look at the stacks of slow workers (its partner:
/// worker::TraceSource) and writes what comes back. What comes back is untrusted: it is bounded, and escaped.
class SlowLog {
  public:
    SlowLog(PoolSurroundings& around, const config::PoolSettings& settings)
        : around_(around), settings_(settings) {}

    void trace(const WorkerHandle& worker, TemplateHandle& from);
    /// A part of the oldest trace that was ordered.
    /// False: nobody has ordered it.
    [[nodiscard]] bool take(const link::Trace& part, bool more);
    /// What was ordered of it will not come any more.
    void template_ended();

  private:
    struct Pending {
        link::TraceOrder order;
        log::SlowLogEntry entry;
    };
    void send_orders();
    void write_failed(Pending lost);
    void write(const Pending& done);

    PoolSurroundings& around_;
    const config::PoolSettings& settings_;
    std::deque<Pending> pending_;  ///< in the order of the orders
    std::size_t ordered_ = 0;      ///< of these: the first ones, which the template has been asked for
    TemplateHandle* template_ = nullptr;
};

}  // namespace phalanx::master

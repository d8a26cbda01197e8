#include "policy.hpp"

#include <algorithm>
#include <utility>

namespace phalanx::master {
namespace {

using Report = PolicyDecision::Report;

/// The spawn rate from which php-fpm calls a pool busy.
constexpr std::size_t busy_rate = 8;

std::size_t as_size(std::int64_t number) {
    return static_cast<std::size_t>(std::max<std::int64_t>(number, 0));
}

std::size_t missing(std::size_t wanted, std::size_t live) {
    return wanted > live ? wanted - live : 0;
}

/// Says once that the limit was hit; a later spawn makes the saying possible again.
void report_limit(PolicyState& state, PolicyDecision& decision) {
    if (state.warned_of_limit) return;
    state.warned_of_limit = true;
    decision.report = Report::limit_reached;
}

void grow_dynamic(const config::PoolSettings& settings, const PoolView& view, PolicyState& state,
                  PolicyDecision& decision) {
    const std::size_t room = missing(as_size(settings.pm_max_children), state.wanted);
    const std::size_t spare = missing(as_size(settings.pm_min_spare_servers), view.idle + view.starting);
    if (room == 0) {
        state.spawn_rate = 1;
        return report_limit(state, decision);
    }
    if (state.spawn_rate >= busy_rate) {
        decision.report = Report::busy;
        decision.reported_rate = state.spawn_rate;
    }
    state.wanted += std::min({state.spawn_rate, spare, room});
    state.warned_of_limit = false;
    if (state.spawn_rate < as_size(settings.pm_max_spawn_rate)) state.spawn_rate *= 2;
}

void decide_dynamic(const config::PoolSettings& settings, const PoolView& view, PolicyState& state,
                    PolicyDecision& decision) {
    if (!std::exchange(state.started, true)) state.wanted = as_size(settings.pm_start_servers);
    if (!view.tick) return;
    if (view.idle > as_size(settings.pm_max_spare_servers)) {
        decision.retire = 1;
        state.spawn_rate = 1;
    } else if (view.idle + view.starting < as_size(settings.pm_min_spare_servers)) {
        grow_dynamic(settings, view, state, decision);
    } else {
        state.spawn_rate = 1;
    }
}

void decide_ondemand(const config::PoolSettings& settings, const PoolView& view, PolicyState& state,
                     PolicyDecision& decision) {
    if (view.connection_waits && view.idle == 0 && view.starting == 0) {
        if (state.wanted >= as_size(settings.pm_max_children)) {
            report_limit(state, decision);
        } else {
            ++state.wanted;
            state.warned_of_limit = false;
        }
    }
    if (view.tick && view.idle > 0 && view.longest_idle > settings.pm_process_idle_timeout)
        decision.retire = 1;
}

}  // namespace

PolicyDecision decide(const config::PoolSettings& settings, const PoolView& view, PolicyState& state) {
    PolicyDecision decision;
    switch (settings.pm) {
        case config::ProcessManager::static_size:
            state.wanted = as_size(settings.pm_max_children);
            break;
        case config::ProcessManager::dynamic:
            decide_dynamic(settings, view, state, decision);
            break;
        case config::ProcessManager::ondemand:
            decide_ondemand(settings, view, state, decision);
            break;
    }
    state.wanted -= std::min(decision.retire, state.wanted);
    decision.spawn = missing(state.wanted, view.live);
    return decision;
}

}  // namespace phalanx::master

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

/// Connections for which no worker is idle or on its way.
std::size_t waiting_for_nobody(const PoolView& view) {
    return missing(view.waiting, view.idle + view.starting);
}

/// At most pm.max_spawn_rate workers are on their way at the same time.
void grow_for_waiting(const config::PoolSettings& settings, const PoolView& view, PolicyState& state) {
    const std::size_t room = missing(as_size(settings.pm_max_children), state.wanted);
    const std::size_t rate = missing(as_size(settings.pm_max_spawn_rate), view.starting);
    const std::size_t more = std::min({waiting_for_nobody(view), rate, room});
    state.wanted += more;
    if (more > 0) state.warned_of_limit = false;
}

void decide_dynamic(const config::PoolSettings& settings, const PoolView& view, PolicyState& state,
                    PolicyDecision& decision) {
    if (!std::exchange(state.started, true)) state.wanted = as_size(settings.pm_start_servers);
    if (view.waiting > 0) return grow_for_waiting(settings, view, state);
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
    if (waiting_for_nobody(view) > 0 && state.wanted >= as_size(settings.pm_max_children))
        report_limit(state, decision);
    grow_for_waiting(settings, view, state);
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
    // One a second, so that workers that were made together do not all leave together.
    decision.renew = view.tick && view.outlived && decision.retire == 0;
    // On demand nobody needs another in its place.
    const bool shrinks = decision.renew && settings.pm == config::ProcessManager::ondemand;
    state.wanted -= std::min<std::size_t>(decision.retire + (shrinks ? 1 : 0), state.wanted);
    decision.spawn = missing(state.wanted, view.live);
    return decision;
}

}  // namespace phalanx::master

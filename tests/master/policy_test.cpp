#include "policy.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

using config::PoolSettings;
using config::ProcessManager;
using std::chrono::milliseconds;
using Report = PolicyDecision::Report;

PoolSettings pool(ProcessManager pm, std::int64_t max_children) {
    PoolSettings settings;
    settings.pm = pm;
    settings.pm_max_children = max_children;
    settings.pm_start_servers = 4;
    settings.pm_min_spare_servers = 2;
    settings.pm_max_spare_servers = 4;
    return settings;
}

PoolView seen(std::size_t live, std::size_t idle) {
    return {.live = live, .idle = idle};
}
PoolView at_tick(std::size_t live, std::size_t idle) {
    return {.live = live, .idle = idle, .tick = true};
}

TEST(StaticPolicy, AlwaysWantsMaxChildren) {
    const auto settings = pool(ProcessManager::static_size, 5);
    PolicyState state;
    EXPECT_EQ(decide(settings, seen(0, 0), state).spawn, 5U);
    EXPECT_EQ(decide(settings, seen(5, 0), state).spawn, 0U);
    EXPECT_EQ(decide(settings, seen(3, 3), state).spawn, 2U);
    EXPECT_EQ(decide(settings, at_tick(5, 5), state).retire, 0U);
}

TEST(DynamicPolicy, StartsWithStartServersAndReplacesTheDeadAtOnce) {
    const auto settings = pool(ProcessManager::dynamic, 10);
    PolicyState state;
    EXPECT_EQ(decide(settings, seen(0, 0), state).spawn, 4U);
    EXPECT_EQ(decide(settings, seen(3, 3), state).spawn, 1U);
    EXPECT_EQ(decide(settings, seen(4, 0), state).spawn, 0U);
}

TEST(DynamicPolicy, GrowsByADoublingRateAtTicks) {
    auto settings = pool(ProcessManager::dynamic, 100);
    settings.pm_min_spare_servers = 40;
    settings.pm_max_spare_servers = 60;
    PolicyState state;
    std::size_t live = decide(settings, seen(0, 0), state).spawn;
    for (const std::size_t rate : {1U, 2U, 4U, 8U, 16U, 32U}) {
        const auto decision = decide(settings, at_tick(live, 0), state);
        EXPECT_EQ(decision.spawn, rate);
        EXPECT_EQ(decision.report == Report::busy, rate >= 8) << rate;
        EXPECT_EQ(decision.reported_rate, rate >= 8 ? rate : 0);
        live += decision.spawn;
    }
    EXPECT_EQ(decide(settings, at_tick(live, 0), state).spawn, 32U);
}

TEST(DynamicPolicy, SaysOnceThatTheLimitIsReached) {
    const auto settings = pool(ProcessManager::dynamic, 4);
    PolicyState state;
    (void)decide(settings, seen(0, 0), state);
    EXPECT_EQ(decide(settings, at_tick(4, 0), state).report, Report::limit_reached);
    EXPECT_EQ(decide(settings, at_tick(4, 0), state).report, Report::nothing);
}

TEST(DynamicPolicy, RetiresOneIdleWorkerATick) {
    const auto settings = pool(ProcessManager::dynamic, 10);
    PolicyState state;
    state.wanted = 8;
    state.started = true;
    auto decision = decide(settings, at_tick(8, 7), state);
    EXPECT_EQ(decision.retire, 1U);
    EXPECT_EQ(decision.spawn, 0U);
    EXPECT_EQ(decide(settings, seen(7, 6), state).spawn, 0U) << "a retired worker is not replaced";
}

TEST(OndemandPolicy, MakesAWorkerWhenAConnectionWaitsAndNobodyIsIdle) {
    const auto settings = pool(ProcessManager::ondemand, 2);
    PolicyState state;
    EXPECT_EQ(decide(settings, seen(0, 0), state).spawn, 0U);
    PoolView waits = seen(0, 0);
    waits.connection_waits = true;
    EXPECT_EQ(decide(settings, waits, state).spawn, 1U);
    waits.live = 1;
    waits.starting = 1;
    EXPECT_EQ(decide(settings, waits, state).spawn, 0U) << "one is on its way";
    waits.starting = 0;
    waits.idle = 1;
    EXPECT_EQ(decide(settings, waits, state).spawn, 0U) << "one is idle";
    waits.idle = 0;
    EXPECT_EQ(decide(settings, waits, state).spawn, 1U);
    waits.live = 2;
    EXPECT_EQ(decide(settings, waits, state).report, Report::limit_reached);
}

TEST(OndemandPolicy, SendsAwayWhoWasIdleForLong) {
    const auto settings = pool(ProcessManager::ondemand, 4);
    PolicyState state;
    state.wanted = 2;
    PoolView view = at_tick(2, 2);
    view.longest_idle = milliseconds(10'000);
    EXPECT_EQ(decide(settings, view, state).retire, 0U);
    view.longest_idle = milliseconds(10'001);
    EXPECT_EQ(decide(settings, view, state).retire, 1U);
    EXPECT_EQ(decide(settings, seen(1, 1), state).spawn, 0U);
}

}  // namespace
}  // namespace phalanx::master

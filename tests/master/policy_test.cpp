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

/// One look of a pool of at most 40 workers, min_spare 2, and what has to come of it.
struct Look {
    const char* what;
    ProcessManager pm;
    std::size_t wanted;  ///< before
    PoolView view;
    std::size_t spawn;
    Report report = Report::nothing;
};

class Waiting : public testing::TestWithParam<Look> {};

TEST_P(Waiting, MakesAPoolGrowAtOnce) {
    const Look& look = GetParam();
    PolicyState state;
    state.started = true;
    state.wanted = look.wanted;
    const auto decision = decide(pool(look.pm, 40), look.view, state);
    EXPECT_EQ(decision.spawn, look.spawn);
    EXPECT_EQ(decision.report, look.report);
    EXPECT_EQ(decision.retire, 0U);
    EXPECT_EQ(state.wanted, look.wanted + look.spawn);
}

constexpr auto dynamic = ProcessManager::dynamic;
constexpr auto ondemand = ProcessManager::ondemand;

INSTANTIATE_TEST_SUITE_P(
    , Waiting,
    testing::Values(
        Look{"OneOfADynamicPool", dynamic, 2, {.live = 2, .waiting = 1}, 1},
        Look{"AsManyAsThereAre", dynamic, 2, {.live = 2, .waiting = 30}, 30},
        Look{"NoMoreThanTheSpawnRate", dynamic, 2, {.live = 2, .waiting = 38}, 32},
        Look{"ThoseOnTheirWayCountInTheRate", dynamic, 34, {.live = 34, .starting = 30, .waiting = 38}, 2},
        Look{"ThoseOnTheirWayServeToo", dynamic, 34, {.live = 34, .starting = 10, .waiting = 13}, 3},
        Look{"EnoughAreOnTheirWay", dynamic, 34, {.live = 34, .starting = 32, .waiting = 32}, 0},
        Look{"IdleOnesServeToo", dynamic, 4, {.live = 4, .idle = 2, .waiting = 3}, 1},
        Look{"NoMoreThanThereIsRoom", dynamic, 37, {.live = 37, .waiting = 20}, 3},
        Look{"NothingIsSaidAtTheLimitBeforeTheTick", dynamic, 40, {.live = 40, .waiting = 5}, 0},
        Look{"NobodyOfAnOndemandPool", ondemand, 0, {}, 0},
        Look{"TheFirstOfAnOndemandPool", ondemand, 0, {.waiting = 1}, 1},
        Look{"AllOfAnOndemandPool", ondemand, 0, {.waiting = 20}, 20},
        Look{"NoMoreThanTheRateOnDemand", ondemand, 0, {.waiting = 40}, 32},
        Look{"OneIsOnItsWay", ondemand, 1, {.live = 1, .starting = 1, .waiting = 1}, 0},
        Look{"OneIsIdle", ondemand, 1, {.live = 1, .idle = 1, .waiting = 1}, 0},
        Look{"TheLimitIsSaidOnDemand", ondemand, 40, {.live = 40, .waiting = 1}, 0, Report::limit_reached}),
    [](const auto& look) { return std::string(look.param.what); });

TEST(StaticPolicy, TakesNoNoteOfWhoWaits) {
    PolicyState state;
    EXPECT_EQ(decide(pool(ProcessManager::static_size, 5), {.live = 5, .waiting = 9}, state).spawn, 0U);
}

TEST(OndemandPolicy, SaysTheLimitOnceUntilItGrowsAgain) {
    const auto settings = pool(ProcessManager::ondemand, 2);
    PolicyState state;
    state.wanted = 2;
    const PoolView full{.live = 2, .waiting = 1};
    EXPECT_EQ(decide(settings, full, state).report, Report::limit_reached);
    EXPECT_EQ(decide(settings, full, state).report, Report::nothing);
    state.wanted = 1;
    EXPECT_EQ(decide(settings, {.live = 1, .waiting = 1}, state).spawn, 1U);
    EXPECT_EQ(decide(settings, full, state).report, Report::limit_reached);
}

TEST(OutlivedWorker, GoesAtATickAndIsReplacedUnlessOnDemand) {
    PoolView view = at_tick(4, 4);
    view.outlived = true;
    for (const auto pm : {ProcessManager::static_size, dynamic, ondemand}) {
        PolicyState state;
        state.started = true;
        state.wanted = 4;
        const auto decision = decide(pool(pm, 4), view, state);
        EXPECT_TRUE(decision.renew);
        EXPECT_EQ(decision.retire, 0U);
        EXPECT_EQ(state.wanted, pm == ondemand ? 3U : 4U);
        view.tick = false;
        EXPECT_FALSE(decide(pool(pm, 4), view, state).renew);
        view.tick = true;
    }
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

#include <algorithm>
#include <csignal>
#include <thread>

#include "harness/load.hpp"
#include "harness/upgrade.hpp"

namespace phalanx::harness {
namespace {

#ifdef PHALANX_SANITIZED
constexpr milliseconds kRun{8'000};
#else
constexpr milliseconds kRun{12'000};
#endif
constexpr std::size_t kWorkers = 8;
constexpr std::size_t kClientsOfAKind = 32;
constexpr milliseconds kBetweenUpgrades{400};

/// Half of the clients keep their connections; requests take up to half a second; the program is replaced and
/// the daemon is asked to reload again and again.
class UpgradeUnderLoad : public UpgradeTest, public testing::WithParamInterface<std::string> {};

TEST_P(UpgradeUnderLoad, LosesNoRequest) {
    site().script("some.php",
                  "<?php if (random_int(0, 9) == 0) usleep(random_int(0, 500000)); "
                  "echo $_SERVER['QUERY_STRING'];");
    Section& pool = site().pool();
    pool.set("pm", GetParam()).set("pm.max_children", std::to_string(kWorkers));
    pool.set("pm.start_servers", "4").set("pm.min_spare_servers", "2").set("pm.max_spare_servers", "6");
    pool.set("pm.max_requests", "50");
    site().start();
    LoadPlan plan;
    plan.server = site().address();
    plan.request = site().request("/some.php?" + std::string(kNumberPlace));
    plan.numbered = true;
    plan.clients = kClientsOfAKind;
    plan.duration = kRun;
    LoadPlan kept = plan;
    kept.use = ConnectionUse::Kept;
    LoadReport kept_report;
    std::thread other([&] { kept_report = run_load(kept); });
    std::size_t most = 0;
    int upgrades = 0;
    auto next = Clock::now();
    plan.tick = milliseconds(20);
    plan.every_tick = [&] {
        most = std::max(most, site().daemon().workers().size());
        if (Clock::now() < next || (upgrades > 0 && !runs_new_program(site().daemon().pid()))) return;
        next = Clock::now() + kBetweenUpgrades;
        replace_program();
        upgrades += site().daemon().signal(SIGUSR2) ? 1 : 0;
    };
    const LoadReport report = run_load(plan);
    other.join();
    // Three at least have to have been tried, also where each takes seconds.
    for (int i = upgrades; i < 3; ++i) EXPECT_TRUE(upgrade()) << site().daemon().log();
    SCOPED_TRACE(testing::Message() << upgrades << " upgrades; short: " << report << "; kept: " << kept_report
                                    << "\n"
                                    << site().daemon().log());
    EXPECT_GE(upgrades, 1);
    EXPECT_EQ(report.errors(), 0u);
    EXPECT_EQ(kept_report.errors(), 0u);
    EXPECT_GT(report.completed, 200u);
    EXPECT_GT(kept_report.completed, 200u);
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().templates().size() == 1; }));
    EXPECT_LE(most, kWorkers);
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); }));
}

INSTANTIATE_TEST_SUITE_P(With, UpgradeUnderLoad, testing::Values("static", "dynamic", "ondemand"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace phalanx::harness

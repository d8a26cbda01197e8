#include <algorithm>
#include <string>
#include <thread>

#include "harness/load.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kWorkers = 6;
#ifdef PHALANX_SANITIZED
constexpr std::uint64_t kRequestsOfAKind = 1000;
#else
constexpr std::uint64_t kRequestsOfAKind = 2500;
#endif
constexpr std::uint64_t kRequestsOfAWorker = 5;
constexpr std::uint64_t kRecycled = 2 * kRequestsOfAKind / kRequestsOfAWorker;

class RecyclingUnderLoad : public SiteTest, public testing::WithParamInterface<std::string> {
  protected:
    std::size_t times_in_log(std::string_view text) {
        const std::string log = site().daemon().log();
        std::size_t number = 0;
        for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++number;
        return number;
    }
};

TEST_P(RecyclingUnderLoad, LosesNoRequestAndNeverHasTooManyWorkers) {
    SKIP_UNLESS_PHALANX("closes kept connections");
    site().script("x.php", "<?php echo $_SERVER['QUERY_STRING'];");
    Section& pool = site().pool();
    pool.set("pm", GetParam()).set("pm.max_children", std::to_string(kWorkers));
    pool.set("pm.start_servers", "4").set("pm.min_spare_servers", "2").set("pm.max_spare_servers", "6");
    pool.set("pm.max_requests", std::to_string(kRequestsOfAWorker));
    site().start();
    LoadPlan plan;
    plan.server = site().address();
    plan.request = site().request("/x.php?" + std::string(kNumberPlace));
    plan.numbered = true;
    plan.clients = 8;
    plan.requests = kRequestsOfAKind;
    LoadPlan kept = plan;
    kept.use = ConnectionUse::Kept;
    LoadReport kept_report;
    std::thread other([&] { kept_report = run_load(kept); });
    std::size_t most = 0;
    plan.tick = milliseconds(50);
    plan.every_tick = [&] { most = std::max(most, site().daemon().workers().size()); };
    const LoadReport report = run_load(plan);
    other.join();
    SCOPED_TRACE(testing::Message() << "short: " << report << "; kept: " << kept_report);
    EXPECT_EQ(report.errors(), 0u);
    EXPECT_EQ(kept_report.errors(), 0u);
    EXPECT_EQ(report.completed + kept_report.completed, 2 * kRequestsOfAKind);
    EXPECT_LE(most, kWorkers);
    EXPECT_TRUE(eventually(kPatience, [&] {
        return times_in_log("exited with code 0") >= kRecycled - kWorkers;
    })) << times_in_log("exited with code 0");
}

INSTANTIATE_TEST_SUITE_P(With, RecyclingUnderLoad, testing::Values("static", "dynamic", "ondemand"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace phalanx::harness

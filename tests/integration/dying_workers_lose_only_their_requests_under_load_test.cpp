#include <csignal>
#include <random>

#include "harness/load.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

#ifdef PHALANX_SANITIZED
constexpr std::uint64_t kRequests = 30'000;
constexpr milliseconds kTimeBox{15'000};
#else
constexpr std::uint64_t kRequests = 100'000;
constexpr milliseconds kTimeBox{60'000};
#endif
constexpr std::size_t kWorkers = 4;
constexpr std::size_t kClients = 16;
/// One worker is hit every so often; a stopped one goes on after this many hits of others.
constexpr milliseconds kBetweenHits{40};
constexpr int kHitsUntilContinued = 2;
constexpr unsigned kSeed = 20'261'122;

/// Kills, stops and continues random workers of a pool.
class Misfortune {
  public:
    explicit Misfortune(Daemon& daemon) : daemon_(daemon) {}
    ~Misfortune() { continue_stopped(); }

    void strike() {
        if (stopped_ != 0 && ++hits_since_stop_ >= kHitsUntilContinued) continue_stopped();
        const std::vector<pid_t> workers = daemon_.workers();
        if (workers.empty()) return;
        const pid_t victim = workers[random_() % workers.size()];
        if (random_() % 3 == 0 && stopped_ == 0) {
            if (signal_process(victim, SIGSTOP)) stopped_ = victim;
            hits_since_stop_ = 0;
        } else if (signal_process(victim, SIGKILL)) {
            ++kills_;
        }
    }
    void continue_stopped() {
        if (stopped_ != 0) signal_process(stopped_, SIGCONT);
        stopped_ = 0;
    }
    [[nodiscard]] std::uint64_t kills() const { return kills_; }

  private:
    Daemon& daemon_;
    std::mt19937 random_{kSeed};
    pid_t stopped_ = 0;
    int hits_since_stop_ = 0;
    std::uint64_t kills_ = 0;
};

class DyingWorkers : public SiteTest, public testing::WithParamInterface<ConnectionUse> {};

TEST_P(DyingWorkers, LoseOnlyTheRequestsTheyWereBusyWith) {
    if (GetParam() == ConnectionUse::Kept) SKIP_UNLESS_PHALANX("more kept connections than workers starve");
    site().script("echo.php", "<?php echo $_SERVER['QUERY_STRING'];");
    site().pool().set("pm.max_children", std::to_string(kWorkers));
    site().start();
    Misfortune misfortune(site().daemon());
    LoadPlan plan;
    plan.server = site().address();
    plan.request = site().request("/echo.php?" + std::string(kNumberPlace));
    plan.numbered = true;
    plan.clients = kClients;
    plan.use = GetParam();
    plan.requests = kRequests;
    plan.duration = kTimeBox;
    plan.tick = kBetweenHits;
    plan.every_tick = [&] { misfortune.strike(); };
    const LoadReport report = run_load(plan);
    misfortune.continue_stopped();
    SCOPED_TRACE(testing::Message() << misfortune.kills() << " kills; " << report);
    EXPECT_GT(misfortune.kills(), 10u) << "the run was over before anything happened";
    EXPECT_EQ(report.unanswered, 0u) << "a client heard nothing at all";
    EXPECT_EQ(report.refused, 0u);
    EXPECT_LE(report.broken + report.wrong, misfortune.kills())
        << "requests outside of killed workers failed";
    EXPECT_TRUE(report.first_wrong.empty() || report.first_wrong.starts_with("Status: 502"))
        << report.first_wrong;
    EXPECT_GT(report.completed, kRequests / 100);
    EXPECT_TRUE(eventually(kPatience, [this] { return site().daemon().workers().size() == kWorkers; }));
    EXPECT_EQ(site().get("/echo.php?x").body(), "x");
}

INSTANTIATE_TEST_SUITE_P(Over, DyingWorkers, testing::Values(ConnectionUse::Short, ConnectionUse::Kept),
                         [](const auto& each) {
                             return std::string(each.param == ConnectionUse::Short ? "ShortConnections"
                                                                                   : "KeptConnections");
                         });

}  // namespace
}  // namespace phalanx::harness

#include <cstdlib>
#include <string>
#include <thread>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class SleepingPool : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("it has no template");
        site().pool().set("pm", "ondemand").set("pm.process_idle_timeout", "1s");
        site().script("x.php", "<?php echo getenv('COLOUR') ?: 'none';");
    }
    bool falls_asleep() {
        return eventually(kPatience, [&] { return site().daemon().others().empty(); });
    }
};

TEST_F(SleepingPool, HasNoProcessBeforeItsFirstRequest) {
    site().start();
    EXPECT_TRUE(site().daemon().others().empty());
    EXPECT_EQ(site().get("/x.php").body(), "none");
    EXPECT_EQ(site().daemon().templates().size(), 1u);
    EXPECT_EQ(site().daemon().workers().size(), 1u);
}

TEST_F(SleepingPool, FallsAsleepAgainAndWakesForEachClient) {
    site().pool().set("pm.template_idle_timeout", "1s");
    site().start();
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(site().get("/x.php").body(), "none");
        EXPECT_TRUE(falls_asleep()) << site().daemon().log();
    }
    // Kept connections that were parked meanwhile wake it too.
    FastCgiClient kept(site().address());
    EXPECT_EQ(kept.exchange(site().request("/x.php").keep_connection()).body(), "none");
    EXPECT_TRUE(falls_asleep()) << site().daemon().log();
    EXPECT_EQ(kept.exchange(site().request("/x.php").keep_connection()).body(), "none");
}

TEST_F(SleepingPool, KeepsItsTemplateWhereTheTimeoutIsZero) {
    site().pool().set("pm.template_idle_timeout", "0");
    site().start();
    EXPECT_EQ(site().get("/x.php").body(), "none");
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().empty(); }));
    std::this_thread::sleep_for(milliseconds(2500));
    EXPECT_EQ(site().daemon().templates().size(), 1u);
}

TEST_F(SleepingPool, IsNotWokenByAReload) {
    site().start();
    const pid_t master = site().daemon().pid();
    site().pool().set("env[COLOUR]", "blue");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(site().daemon().templates().empty() && site().daemon().workers().empty());
    // The copy of the master that has read the configuration may still be on its way out.
    EXPECT_TRUE(eventually(kPatience, [&] { return descendants(master).empty(); }));
    EXPECT_EQ(site().get("/x.php").body(), "blue");
}

TEST_F(SleepingPool, IsMadeReadyByAReloadWhereItWasAwake) {
    site().start();
    ASSERT_EQ(site().get("/x.php").body(), "none");
    const auto former = site().daemon().templates();
    site().pool().set("env[COLOUR]", "blue");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] {
        const auto now = site().daemon().templates();
        return now.size() == 1 && now != former;
    }));
    EXPECT_EQ(site().get("/x.php").body(), "blue");
}

TEST_F(SleepingPool, WakesAgainWhenItsTemplateWasKilled) {
    site().start();
    ASSERT_EQ(site().get("/x.php").body(), "none");
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().empty(); }));
    ASSERT_TRUE(kill_process(site().daemon().templates().at(0)));
    ASSERT_TRUE(site().daemon().wait_for_log("a new one is started when it is needed"));
    EXPECT_TRUE(site().daemon().others().empty());
    EXPECT_EQ(site().get("/x.php").body(), "none");
}

TEST_F(SleepingPool, ShowsItsStatusWithoutWaking) {
    const std::string address = (site().files() / "status.sock").string();
    site().pool().set("pm.status_path", "/status").set("pm.status_listen", address);
    site().start();
    const Answer answer = ask(Address::unix_path(address), site().request("/status"));
    EXPECT_NE(answer.body().find("total processes:      0"), std::string::npos) << answer;
    EXPECT_TRUE(site().daemon().others().empty());
}

TEST_F(SleepingPool, CostsLittle) {
    constexpr std::size_t kPools = 500;
    site().start();
    const auto alone = proportional_kib(site().daemon().pid());
    site().end();
    for (std::size_t i = 0; i < kPools; ++i)
        site().add_pool("p" + std::to_string(i)).set("pm", "ondemand").set("pm.max_children", "50");
    const auto begin = Clock::now();
    site().start();
    const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    const auto all = proportional_kib(site().daemon().pid());
    ASSERT_TRUE(alone && all);
    const double each = static_cast<double>(*all - *alone) / kPools;
    RecordProperty("start_ms", std::to_string(took.count()));
    RecordProperty("kib_each", std::to_string(each));
#ifdef PHALANX_SANITIZED
    EXPECT_LT(took, milliseconds(20'000));
    EXPECT_LT(each, 500.0);
#else
    EXPECT_LT(took, milliseconds(2000));
    EXPECT_LT(each, 100.0);
#endif
    EXPECT_EQ(site().get("/x.php", "p499").body(), "none");
    EXPECT_EQ(site().daemon().others().size(), 2u);
}

}  // namespace
}  // namespace phalanx::harness

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kClients = 40;

class WaitingConnections : public SiteTest {
  protected:
    void start(const char* process_manager, const char* max_children = "40") {
        site().pool().set("pm", process_manager).set("pm.max_children", max_children);
        site().pool().set("pm.start_servers", "2").set("pm.min_spare_servers", "2");
        site().pool().set("pm.max_spare_servers", max_children).set("pm.status_path", "/status");
        site().script("sleep.php", "<?php sleep(1); echo getmypid();");
        site().script("x.php", "<?php echo 'x';");
        site().start();
    }
    /// How long it takes until every one of so many requests that come together is answered.
    milliseconds time_of(std::size_t clients) {
        const auto begin = Clock::now();
        std::vector<std::unique_ptr<FastCgiClient>> all;
        for (std::size_t i = 0; i < clients; ++i) {
            all.push_back(std::make_unique<FastCgiClient>(site().address()));
            EXPECT_TRUE(all.back()->send(site().request("/sleep.php")));
        }
        for (const auto& client : all) EXPECT_EQ(client->read_answer().status(), 200);
        return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
    }
    std::size_t times_in_log(std::string_view text) {
        const std::string log = site().daemon().log();
        std::size_t number = 0;
        for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++number;
        return number;
    }
#ifdef PHALANX_SANITIZED
    static constexpr milliseconds kAllAtOnce{5000};
#else
    static constexpr milliseconds kAllAtOnce{1500};
#endif
};

TEST_F(WaitingConnections, MakeADynamicPoolGrowAtOnce) {
    SKIP_UNLESS_PHALANX("it doubles its growth once a second, and needs 6.7 s");
    start("dynamic");
    EXPECT_LT(time_of(kClients), kAllAtOnce) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == kClients; }));
}

TEST_F(WaitingConnections, MakeAnOndemandPoolGrowAtOnce) {
    SKIP_UNLESS_PHALANX("its master forks one at a time");
    start("ondemand");
    EXPECT_LT(time_of(kClients), kAllAtOnce) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == kClients; }));
}

TEST_F(WaitingConnections, GetNoMoreWorkersThanAreAllowed) {
    start("dynamic", "5");
    (void)time_of(15);
    EXPECT_EQ(site().daemon().workers().size(), 5u);
    EXPECT_EQ(times_in_log("server reached pm.max_children setting (5), consider raising it"), 1u);
    EXPECT_NE(site().get("/status").body().find("max children reached: 1"), std::string::npos)
        << site().get("/status").body();
}

TEST_F(WaitingConnections, FindAPoolAgainThatHadReachedItsLimitAndFallenAsleep) {
    site().pool().set("pm.process_idle_timeout", "1s");
    start("ondemand", "2");
    (void)time_of(4);
    ASSERT_TRUE(site().daemon().wait_for_log("server reached max_children setting (2), consider raising it"));
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().empty(); }));
    EXPECT_EQ(site().get("/x.php").body(), "x") << site().daemon().log();
}

TEST_F(WaitingConnections, OfFewClientsMakeNoMoreWorkersThanThose) {
    start("dynamic");
    for (int i = 0; i < 300; ++i) ASSERT_EQ(site().get("/x.php").body(), "x");
    EXPECT_LE(site().daemon().workers().size(), 4u);
}

TEST_F(WaitingConnections, AreNotLookedForWhileThereAreNone) {
    SKIP_UNLESS_PHALANX("it wakes each second anyway");
    start("ondemand");
    FastCgiClient busy(site().address());
    ASSERT_TRUE(busy.send(site().request("/sleep.php")));
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == 1; }));
    std::this_thread::sleep_for(milliseconds(100));
    const auto before = voluntary_switches(site().daemon().pid());
    std::this_thread::sleep_for(milliseconds(600));
    EXPECT_LE(voluntary_switches(site().daemon().pid()) - before, 8u) << "the master looks every 10 ms";
    EXPECT_EQ(busy.read_answer().status(), 200);
}

}  // namespace
}  // namespace phalanx::harness

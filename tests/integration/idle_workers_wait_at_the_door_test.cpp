#include <algorithm>
#include <csignal>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "harness/fastcgi_client.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

class IdleWorkers : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("pid.php", "<?php echo getmypid();");
    }
    pid_t worker() { return std::atoi(site().get("/pid.php").body().c_str()); }
};

TEST_F(IdleWorkers, NeedNoMasterForShortRequests) {
    site().start();
    ASSERT_NE(worker(), 0);
    ASSERT_TRUE(stop_process(site().daemon().pid()));
    int answered = 0;
    for (int i = 0; i < 20; ++i) {
        FastCgiClient client(site().address());
        ASSERT_TRUE(client.send(site().request("/pid.php")));
        answered += client.read_answer(milliseconds(500)).status() == 200 ? 1 : 0;
    }
    // Whoever has not sent its request 20 ms after it has connected is the master's.
    EXPECT_GE(answered, 10);
    ASSERT_TRUE(site().daemon().signal(SIGCONT));
    EXPECT_NE(worker(), 0);
}

TEST_F(IdleWorkers, ThatJoinedFirstServeFirst) {
    SKIP_UNLESS_PHALANX("php-fpm's take turns");
    site().pool().set("pm.max_children", "8");
    site().pool().set("pm.status_path", "/status");
    site().start();
    ASSERT_TRUE(eventually(kPatience, [&] {
        return site().get("/status").body().find("idle processes:       7") != std::string::npos;
    }));
    // (One that is slow to come back lets the next one have a turn.)
    std::size_t fewest = 8;
    for (int attempt = 0; attempt < 5 && fewest > 3; ++attempt) {
        std::set<pid_t> served;
        for (int i = 0; i < 30; ++i) {
            served.insert(worker());
            // Until it is idle again.
            std::this_thread::sleep_for(milliseconds(3));
        }
        fewest = std::min(fewest, served.size());
    }
    EXPECT_LE(fewest, 3u);
}

TEST_F(IdleWorkers, BeyondThePlacesAtTheDoorAreGivenWork) {
    constexpr int kWorkers = 20;
    site().pool().set("pm.max_children", std::to_string(kWorkers));
    site().script("until.php", script_until_allowed());
    site().start();
    // All at the same time: none ends before all have begun.
    std::vector<std::unique_ptr<RunningScript>> scripts;
    std::set<pid_t> served;
    for (int i = 0; i < kWorkers; ++i) {
        scripts.push_back(std::make_unique<RunningScript>(site().address(), site().request("/until.php")));
        served.insert(scripts.back()->pid());
    }
    EXPECT_EQ(served.size(), static_cast<std::size_t>(kWorkers));
    EXPECT_EQ(served.count(0), 0u);
    let_scripts_end(site());
    for (const auto& script : scripts) EXPECT_NE(script->rest().output.find("done"), std::string::npos);
}

TEST_F(IdleWorkers, AreNotHeldByAKeptConnectionInTheirHands) {
    site().pool().set("pm.max_children", "1");
    site().start();
    FastCgiClient kept(site().address());
    const Request again = site().request("/pid.php").keep_connection();
    for (int i = 0; i < 50; ++i) {
        // Twice, so that the worker waits for the third.
        for (int twice = 0; twice < 2; ++twice)
            ASSERT_EQ(kept.exchange(again).status(), 200) << i << site().daemon().log();
        ASSERT_NE(worker(), 0) << i << site().daemon().log();
    }
}

TEST_F(IdleWorkers, ThatLeaveGiveTheirKeptConnectionBack) {
    SKIP_UNLESS_PHALANX("php-fpm closes it");
    site().pool().set("pm.max_children", "1");
    site().start();
    FastCgiClient kept(site().address());
    const Request again = site().request("/pid.php").keep_connection();
    pid_t former = 0;
    for (int i = 0; i < 5; ++i) {
        pid_t now = 0;
        for (int twice = 0; twice < 2; ++twice) now = std::atoi(kept.exchange(again).body().c_str());
        ASSERT_NE(now, 0) << i << site().daemon().log();
        EXPECT_NE(now, former) << i;
        // It waits for the next request of the connection now.
        ASSERT_TRUE(signal_process(now, SIGQUIT));
        former = now;
        ASSERT_TRUE(eventually(kPatience, [&] { return !is_alive(former); }));
    }
}

}  // namespace
}  // namespace phalanx::harness

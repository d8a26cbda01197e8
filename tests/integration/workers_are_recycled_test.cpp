#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class Recycling : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().pool().set("pm.max_children", "1");
        site().script("pid.php", "<?php echo getmypid();");
        // Small pieces: the memory manager keeps some of their chunks after the request.
        site().script("hungry.php",
                      "<?php ini_set('memory_limit', '-1'); $all = []; for ($i = 0; $i < 200000; ++$i) "
                      "$all[] = str_repeat('x', 1000); echo getmypid();");
    }
    pid_t ask_pid(const char* script = "/pid.php") { return std::atoi(site().get(script).body().c_str()); }
};

TEST_F(Recycling, ComesUpToATenthEarlierThanMaxRequestsAtRandom) {
    SKIP_UNLESS_PHALANX("all its workers leave after the same number");
    constexpr int kMost = 40;
    site().pool().set("pm.max_requests", std::to_string(kMost));
    site().start();
    std::set<int> counts;
    int workers = 0;
    std::map<pid_t, int> served;
    for (pid_t former = 0; workers < 25;) {
        const pid_t now = ask_pid();
        ASSERT_GT(now, 0);
        if (former != 0 && now != former) {
            counts.insert(served[former]);
            ++workers;
        }
        ++served[now];
        former = now;
    }
    EXPECT_GE(*counts.begin(), kMost * 9 / 10);
    EXPECT_LE(*counts.rbegin(), kMost);
    EXPECT_GT(counts.size(), 1u);
}

TEST_F(Recycling, IsExactWithSmallNumbers) {
    site().pool().set("pm.max_requests", "9");
    site().start();
    for (int worker = 0; worker < 3; ++worker) {
        const pid_t pid = ask_pid();
        for (int i = 1; i < 9; ++i) EXPECT_EQ(ask_pid(), pid);
        EXPECT_NE(ask_pid(), pid);
        for (int i = 1; i < 9; ++i) (void)ask_pid();
    }
}

TEST_F(Recycling, TakesAWorkerThatHasGrownTooLarge) {
    SKIP_UNLESS_PHALANX("it has no such directive");
    site().pool().set("pm.max_memory", "100M").set("php_admin_value[memory_limit]", "-1");
    site().start();
    const pid_t small = ask_pid();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(ask_pid(), small);
    EXPECT_EQ(ask_pid("/hungry.php"), small) << "its client gets its answer";
    EXPECT_NE(ask_pid(), small);
    EXPECT_TRUE(site().daemon().wait_for_log("child " + std::to_string(small) + " exited with code 0"));
}

TEST_F(Recycling, DoesNotCountWhatAllWorkersShare) {
    SKIP_UNLESS_PHALANX("it has no such directive");
    // What preloading leaves in the template is everybody's.
    const auto preload =
        site().script("preload.php",
                      "<?php class Store { static $all = []; } ini_set('memory_limit', '-1'); "
                      "for ($i = 0; $i < 10; ++$i) Store::$all[] = str_repeat('x', 1 << 20);");
    site().with_opcache();
    site().pool().set("php_admin_value[opcache.preload]", preload.string());
    site().pool().set("pm.max_memory", "60M").set("php_admin_value[memory_limit]", "-1");
    site().start();
    const pid_t first = ask_pid();
    for (int i = 0; i < 200; ++i) ASSERT_EQ(ask_pid(), first);
}

TEST_F(Recycling, TakesWorkersAtTheEndOfTheirLifetimeIdleOrBusy) {
    SKIP_UNLESS_PHALANX("it has no such directive");
    site().pool().set("pm.max_lifetime", "2s");
    site().start();
    FastCgiClient kept(site().address());
    const auto pid = [&] {
        const Answer answer = kept.exchange(site().request("/pid.php").keep_connection());
        EXPECT_EQ(answer.status(), 200) << answer;
        return std::atoi(answer.body().c_str());
    };
    const pid_t first = pid();
    EXPECT_TRUE(eventually(kPatience, [&] {
        const auto now = site().daemon().workers();
        return now.size() == 1 && now[0] != first;
    })) << "idle";
    const pid_t second = pid();
    EXPECT_NE(second, first);
    EXPECT_TRUE(eventually(kPatience, [&] { return pid() != second; })) << "busy";
    EXPECT_EQ(site().daemon().log().find("WARNING"), std::string::npos) << site().daemon().log();
}

}  // namespace
}  // namespace phalanx::harness

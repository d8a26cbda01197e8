#include <algorithm>

#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

class KilledWorker : public SiteTest {
  protected:
    pid_t worker() { return std::atoi(site().get("/pid.php").body().c_str()); }
};

TEST_F(KilledWorker, IsReplacedWhenItWasIdle) {
    site().script("pid.php", "<?php echo getmypid();");
    site().pool().set("pm.max_children", "1");
    site().start();
    const pid_t first = worker();
    ASSERT_GT(first, 0);
    ASSERT_TRUE(kill_process(first));
    // A signalled process may still take a job in the moment before it dies, and the job with it.
    ASSERT_TRUE(eventually(kPatience, [&] { return !is_alive(first); }));
    const pid_t second = worker();
    EXPECT_GT(second, 0);
    EXPECT_NE(second, first);
    const std::string line =
        "[pool www] child " + std::to_string(first) + " exited on signal 9 (SIGKILL) after ";
    EXPECT_TRUE(site().daemon().wait_for_log(line)) << site().daemon().log();
    const std::string started = "NOTICE: [pool www] child " + std::to_string(second) + " started";
    EXPECT_TRUE(site().daemon().wait_for_log(started)) << site().daemon().log();
}

TEST_F(KilledWorker, IsReplacedAgainAndAgain) {
    site().script("pid.php", "<?php echo getmypid();");
    site().start();
    std::vector<pid_t> seen;
    for (int round = 0; round < 8; ++round) {
        const pid_t current = worker();
        ASSERT_GT(current, 0) << "round " << round;
        EXPECT_EQ(std::count(seen.begin(), seen.end(), current), 0) << "a dead worker answered";
        seen.push_back(current);
        ASSERT_TRUE(kill_process(current));
    }
    EXPECT_TRUE(eventually(kPatience, [this] { return site().daemon().workers().size() == 2; }));
}

TEST_F(KilledWorker, LosesOnlyTheRequestItWasBusyWith) {
    site().script("pid.php", "<?php echo getmypid();");
    site().script("long.php", script_that_takes(60));
    site().script("short.php", script_that_takes(0.5));
    site().start();
    RunningScript doomed(site().address(), site().request("/long.php"));
    RunningScript other(site().address(), site().request("/short.php"));
    ASSERT_NE(doomed.pid(), 0);
    ASSERT_TRUE(kill_process(doomed.pid()));
    const Answer lost = doomed.rest();
    EXPECT_FALSE(lost.timed_out) << "its client must be told at once";
    EXPECT_EQ(lost.output.find("done"), std::string::npos) << lost;
    EXPECT_EQ(other.rest().output, "done");
    EXPECT_NE(worker(), doomed.pid());
    EXPECT_TRUE(eventually(kPatience, [this] { return site().daemon().workers().size() == 2; }));
}

}  // namespace
}  // namespace phalanx::harness

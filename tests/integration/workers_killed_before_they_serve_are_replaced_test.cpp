#include <algorithm>
#include <csignal>
#include <vector>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// A master that waited for the hello of each of them would wait ten seconds.
class NewWorkers : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("pid.php", "<?php echo getmypid();");
        site().pool().set("pm.max_children", "1");
    }
    /// Kills the next process that comes into being besides those that are known, whatever it is to become.
    bool kill_next(const std::vector<pid_t>& known) {
        const auto deadline = Clock::now() + kPatience;
        while (Clock::now() < deadline) {
            for (const pid_t pid : site().daemon().others()) {
                const bool is_new = std::find(known.begin(), known.end(), pid) == known.end();
                // (Those that make workers are gone in a moment.)
                if (is_new && signal_process(pid, SIGKILL)) return true;
            }
        }
        return false;
    }
};

TEST_F(NewWorkers, ThatAreKilledBeforeTheyServeAreReplacedSoon) {
    site().start();
    for (int i = 0; i < 12; ++i) {
        const pid_t worker = std::atoi(site().get("/pid.php").body().c_str());
        ASSERT_NE(worker, 0) << i << site().daemon().log();
        // (The next one may be there at once.)
        const std::vector<pid_t> known = site().daemon().others();
        ASSERT_TRUE(signal_process(worker, SIGKILL));
        EXPECT_TRUE(kill_next(known)) << i;
        const auto begun = Clock::now();
        EXPECT_EQ(site().get("/pid.php").status(), 200) << i << site().daemon().log();
        ASSERT_LT(Clock::now() - begun, milliseconds(7'000)) << i << site().daemon().log();
    }
}

}  // namespace
}  // namespace phalanx::harness

#include <csignal>

#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// Promised is one second; the rest is for a busy machine.
constexpr milliseconds kSoon{4'000};

/// Whoever looks into a process with a debugger stops it, and so does a container that is frozen.
class StoppedProcesses : public SiteTest, public testing::WithParamInterface<int> {
  protected:
    void stop_everything() {
        for (const pid_t pid : site().daemon().others()) {
            ASSERT_TRUE(stop_process(pid) || !is_alive(pid));
        }
    }
};

TEST_P(StoppedProcesses, HoldNoEndUp) {
    SKIP_UNLESS_PHALANX("template processes are not there to be stopped");
    site().script("long.php", script_that_takes(60));
    site().add_pool("second").set("pm", "ondemand");
    site().start();
    RunningScript running(site().address(), site().request("/long.php"));
    ASSERT_NE(running.pid(), 0);
    stop_everything();
    const auto begin = Clock::now();
    site().daemon().signal(GetParam());
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0})) << site().daemon().log();
    EXPECT_LT(Clock::now() - begin, kSoon);
    // A worker that was on its way when everything was stopped ends with its parent, not before.
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others().empty(); }))
        << "processes are left";
    EXPECT_TRUE(running.rest().closed);
}

INSTANTIATE_TEST_SUITE_P(By, StoppedProcesses, testing::Values(SIGTERM, SIGINT),
                         [](const auto& each) { return each.param == SIGTERM ? "Term" : "Int"; });

}  // namespace
}  // namespace phalanx::harness

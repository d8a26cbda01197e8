#include <csignal>

#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

class KilledMaster : public SiteTest {};

TEST_F(KilledMaster, TakesItsProcessesAlong) {
    SKIP_UNLESS_PHALANX("its workers stay and go on serving");
    site().script("long.php", script_that_takes(60));
    site().add_pool("second");
    site().start();
    RunningScript busy(site().address(), site().request("/long.php"));
    ASSERT_NE(busy.pid(), 0);
    const std::vector<pid_t> family = site().daemon().others();
    EXPECT_GE(family.size(), 4u);
    ASSERT_TRUE(site().daemon().signal(SIGKILL));
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{-1, SIGKILL}));
    for (const pid_t pid : family) {
        EXPECT_TRUE(eventually(kPatience, [pid] { return !is_alive(pid); })) << command_line(pid);
    }
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others().empty(); }));
    EXPECT_TRUE(busy.rest().closed);
}

}  // namespace
}  // namespace phalanx::harness

#include <csignal>
#include <cstdlib>

#include "harness/upgrade.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// What becomes of two masters when one of them ends, or is told to.
class EndOfUpgrade : public UpgradeTest {
  protected:
    void SetUp() override {
        UpgradeTest::SetUp();
        if (IsSkipped()) return;
        site().script("pid.php", "<?php echo getmypid();");
        site().script("until.php", script_until_allowed());
    }
    /// What answers now.
    pid_t worker() { return std::atoi(site().get("/pid.php").body().c_str()); }
};

TEST_F(EndOfUpgrade, GoesOnWhenTheFormerMasterIsKilled) {
    site().start();
    RunningScript slow(site().address(), site().request("/until.php"));
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    const auto former = former_masters();
    ASSERT_EQ(former.size(), 1u);
    ASSERT_TRUE(kill_process(former[0]));
    let_scripts_end(site());
    EXPECT_NE(slow.rest().output.find("done"), std::string::npos);
    EXPECT_NE(worker(), 0) << site().daemon().log();
    EXPECT_TRUE(ends({slow.pid()}));
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_NE(worker(), 0) << site().daemon().log();
}

TEST_F(EndOfUpgrade, DiesWithTheMaster) {
    site().start();
    RunningScript slow(site().address(), site().request("/until.php"));
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    ASSERT_EQ(former_masters().size(), 1u);
    site().daemon().signal(SIGKILL);
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others().empty(); }));
}

TEST_F(EndOfUpgrade, ComesWithoutAPidFileToo) {
    const auto folder = site().files() / "run";
    std::filesystem::create_directory(folder);
    site().global().set("pid", (folder / "pid").string());
    site().start();
    std::filesystem::remove_all(folder);
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_TRUE(site().daemon().wait_for_log("Unable to create the PID file"));
    EXPECT_NE(worker(), 0) << site().daemon().log();
}

class UpgradeThenStop : public EndOfUpgrade, public testing::WithParamInterface<int> {};

TEST_P(UpgradeThenStop, EndsAllProcesses) {
    site().start();
    site().script("long.php", script_that_takes(GetParam() == SIGQUIT ? 2 : 20));
    RunningScript slow(site().address(), site().request("/long.php"));
    ASSERT_NE(slow.pid(), 0);
    replace_program();
    site().daemon().signal(SIGUSR2);
    // At any moment: the signal may find the former program, none yet, or the new one.
    ASSERT_TRUE(site().daemon().wait_for_log("reloading: execvp("));
    const auto begin = Clock::now();
    site().daemon().signal(GetParam());
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0})) << site().daemon().log();
    if (GetParam() == SIGQUIT) {
        EXPECT_NE(slow.rest().output.find("done"), std::string::npos) << site().daemon().log();
    } else {
        EXPECT_LT(Clock::now() - begin, milliseconds(10'000)) << site().daemon().log();
    }
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others().empty(); }));
    EXPECT_FALSE(std::filesystem::exists(site().address().host()));
}

INSTANTIATE_TEST_SUITE_P(By, UpgradeThenStop, testing::Values(SIGTERM, SIGINT, SIGQUIT),
                         [](const auto& each) { return std::string("Signal") + std::to_string(each.param); });

}  // namespace
}  // namespace phalanx::harness

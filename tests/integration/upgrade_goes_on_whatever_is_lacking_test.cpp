#include <csignal>

#include "harness/upgrade.hpp"

namespace phalanx::harness {
namespace {

/// What would be no obstacle to a reload is none to an upgrade.
class OddUpgrade : public UpgradeTest {
  protected:
    void SetUp() override {
        UpgradeTest::SetUp();
        if (IsSkipped()) return;
        site().script("pid.php", "<?php echo getmypid();");
    }
    /// What answers now.
    pid_t worker() { return std::atoi(site().get("/pid.php").body().c_str()); }
};

TEST_F(OddUpgrade, BindsAnewWhereASocketsFileIsGone) {
    site().start();
    ASSERT_NE(worker(), 0);
    std::filesystem::remove(site().address().host());
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_NE(worker(), 0) << site().daemon().log();
}

TEST_F(OddUpgrade, TakesACommandLineThatEndsItsOptions) {
    site().start_options().last_arguments = {"--"};
    site().start();
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_NE(worker(), 0);
}

TEST_F(OddUpgrade, KeepsTheFormerPidFileWhereTheNewOneCannotBeWritten) {
    const auto pid_file = site().files() / "master.pid";
    site().global().set("pid", pid_file.string());
    site().start();
    site().global().set("pid", (site().files() / "none" / "master.pid").string());
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_EQ(read_file(pid_file), std::to_string(site().daemon().pid()));
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_FALSE(std::filesystem::exists(pid_file));
}

}  // namespace
}  // namespace phalanx::harness

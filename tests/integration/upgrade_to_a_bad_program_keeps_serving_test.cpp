#include <csignal>

#include "harness/upgrade.hpp"

namespace phalanx::harness {
namespace {

class BadProgram : public UpgradeTest {
  protected:
    void SetUp() override {
        UpgradeTest::SetUp();
        if (IsSkipped()) return;
        site().script("pid.php", "<?php echo getmypid();");
        site().start();
        ASSERT_TRUE(eventually(kPatience, [&] {
            return site().daemon().workers().size() == 2 && site().daemon().others().size() == 3;
        }));
        former_ = site().daemon().others();
    }
    void expect_that_nothing_has_changed() {
        EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others() == former_; }))
            << site().daemon().log();
        EXPECT_EQ(site().get("/pid.php").status(), 200);
        EXPECT_NE(site().daemon().log().find("the configuration was not changed: the one before goes on"),
                  std::string::npos)
            << site().daemon().log();
    }
    bool reload_says(std::string_view text) { return site().reload(text); }

  private:
    std::vector<pid_t> former_;
};

TEST_F(BadProgram, ThatIsNoneKeepsServing) {
    replace_program_by("this is no program");
    EXPECT_TRUE(reload_says("the configuration was not changed")) << site().daemon().log();
    EXPECT_NE(site().daemon().log().find("ERROR: failed to execute '" + program().string()),
              std::string::npos)
        << site().daemon().log();
    expect_that_nothing_has_changed();
}

TEST_F(BadProgram, ThatFailsItsTestKeepsServing) {
    replace_program_by(
        "#!/bin/sh\necho '[26-Nov-2026 07:00:00] ALERT: this is why' >&2\necho what else\nexit 78\n");
    EXPECT_TRUE(reload_says("the configuration was not changed")) << site().daemon().log();
    const std::string log = site().daemon().log();
    EXPECT_NE(log.find("ALERT: this is why"), std::string::npos) << log;
    EXPECT_NE(log.find("ERROR: what else"), std::string::npos) << log;
    EXPECT_NE(log.find(" was replaced, and the new program fails its test (-t): it exited with code 78"),
              std::string::npos)
        << log;
    expect_that_nothing_has_changed();
}

TEST_F(BadProgram, ThatNeverEndsItsTestKeepsServing) {
    replace_program_by("#!/bin/sh\nexec sleep 100\n");
    ASSERT_TRUE(site().daemon().signal(SIGUSR2));
    EXPECT_TRUE(site().daemon().wait_for_log("takes more than 30 s and is ended", milliseconds(50'000)))
        << site().daemon().log();
    EXPECT_TRUE(site().daemon().wait_for_log("the configuration was not changed"));
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others().size() == 3; }));
    expect_that_nothing_has_changed();
}

/// As -t finds it.
TEST_F(BadProgram, OrABadConfigurationKeepsServing) {
    site().pool().set("pm.max_children", "0");
    replace_program();
    EXPECT_TRUE(reload_says("the configuration was not changed")) << site().daemon().log();
    EXPECT_NE(site().daemon().log().find("pm.max_children must be a positive value"), std::string::npos)
        << site().daemon().log();
    EXPECT_FALSE(runs_new_program(site().daemon().pid()));
    expect_that_nothing_has_changed();
    site().pool().set("pm.max_children", "2");
    EXPECT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(runs_new_program(site().daemon().pid())) << site().daemon().log();
}

/// -t does not try that.
TEST_F(BadProgram, OrAnAddressInUseKeepsServing) {
    site().add_pool("first");
    const std::filesystem::path first = site().pool("first").value("listen");
    site().add_pool("second").set("listen", (site().files() / "file").string());
    site().files().write("file", "not a socket");
    replace_program();
    EXPECT_TRUE(reload_says("the configuration was not changed")) << site().daemon().log();
    EXPECT_FALSE(runs_new_program(site().daemon().pid()));
    EXPECT_FALSE(std::filesystem::exists(first));
    expect_that_nothing_has_changed();
}

/// It passes the test, and is another file by the time it is executed.
TEST_F(BadProgram, ThatCannotBeExecutedAfterAllKeepsServing) {
    const auto good = site().files() / "bin" / "good";
    std::filesystem::copy_file(program(), good);
    replace_program_by("#!/bin/sh\n" + good.string() + " \"$@\" && { echo 'no program' > " +
                       program().string() + ".new; chmod 755 " + program().string() + ".new; mv " +
                       program().string() + ".new " + program().string() + "; }\n");
    EXPECT_TRUE(reload_says("the configuration was not changed")) << site().daemon().log();
    EXPECT_NE(site().daemon().log().find("ERROR: failed to execute '" + program().string()),
              std::string::npos)
        << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); }));
    expect_that_nothing_has_changed();
    // Signals arrive again, and the next reload finds all as it was.
    std::filesystem::rename(good, program());
    EXPECT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_TRUE(runs_new_program(site().daemon().pid())) << site().daemon().log();
    EXPECT_EQ(site().get("/pid.php").status(), 200);
}

}  // namespace
}  // namespace phalanx::harness

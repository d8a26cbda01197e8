#include <unistd.h>

#include <csignal>

#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

constexpr const char* kUnshare = "/usr/bin/unshare";

/// The first process of a pid namespace: nobody else reaps there, and signals without a handler have no
/// effect.
class ProcessOne : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_ROOT("makes a pid namespace");
        if (::access(kUnshare, X_OK) != 0) GTEST_SKIP() << kUnshare << " is not installed";
        DaemonStart& start = site().start_options();
        start.arguments = {"--pid", "--fork", "--mount-proc", "--kill-child", start.program.path.string(),
                           "-n"};
        start.program.path = kUnshare;
        site().global().set("process_control_timeout", "15");
        // A script's leftovers outlive it, and end when nobody of theirs is there any more.
        site().script("leave.php", "<?php exec('(sleep 0.1; exit 4) > /dev/null 2>&1 &'); echo getmypid();");
        site().script("second.php", script_that_takes(1));
        if (!site().launch().wait_until_ready())
            GTEST_SKIP() << "no namespace to be had here: " << site().daemon().log();
    }
    /// As this side sees it; what is signalled is not unshare, which waits for it.
    [[nodiscard]] pid_t master() { return descendants(site().daemon().pid()).at(0); }
    [[nodiscard]] bool has_zombies() {
        for (const ProcessStat& stat : all_processes()) {
            if (stat.parent == master() && stat.is_zombie()) return true;
        }
        return false;
    }
};

TEST_F(ProcessOne, ReapsOrphansWithoutAWord) {
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(site().get("/leave.php").complete());
    const auto sleepers_are_gone = [this] {
        for (const pid_t pid : descendants(site().daemon().pid())) {
            if (command_line(pid).starts_with("sleep")) return false;
        }
        return !has_zombies();
    };
    EXPECT_TRUE(eventually(kPatience, sleepers_are_gone));
    EXPECT_EQ(site().daemon().log().find("unknown child"), std::string::npos) << site().daemon().log();
}

TEST_F(ProcessOne, EndsOnTerm) {
    ASSERT_TRUE(signal_process(master(), SIGTERM));
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0})) << site().daemon().log();
}

TEST_F(ProcessOne, FinishesOnQuit) {
    RunningScript finishing(site().address(), site().request("/second.php"));
    ASSERT_NE(finishing.pid(), 0);
    ASSERT_TRUE(signal_process(master(), SIGQUIT));
    EXPECT_EQ(finishing.rest().output, "done");
    finishing.hang_up();
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0})) << site().daemon().log();
}

}  // namespace
}  // namespace phalanx::harness

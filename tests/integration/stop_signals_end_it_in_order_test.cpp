#include <csignal>

#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// Far below what the running script would take, far above what an exit takes.
constexpr milliseconds kAtOnce{5'000};

class StopSignals : public SiteTest {
  protected:
    void expect_clean_exit(const char* last_words) {
        EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0})) << site().daemon().log();
        const std::string log = site().daemon().log();
        EXPECT_NE(log.find(last_words), std::string::npos) << log;
        EXPECT_TRUE(log.ends_with("NOTICE: exiting, bye-bye!\n")) << log;
        EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others().empty(); }))
            << "processes are left";
        EXPECT_FALSE(std::filesystem::exists(site().address().host())) << "the socket is left";
        EXPECT_FALSE(std::filesystem::exists(pid_file())) << "the pid file is left";
    }
    std::filesystem::path pid_file() { return site().files() / "daemon.pid"; }
    void start_with_pid_file() {
        site().global().set("pid", pid_file().string());
        site().start();
        EXPECT_EQ(read_file(pid_file()), std::to_string(site().daemon().pid()));
    }
};

TEST_F(StopSignals, TermEndsAtOnceThoughAScriptRuns) {
    site().script("long.php", script_that_takes(60));
    start_with_pid_file();
    RunningScript cut_off(site().address(), site().request("/long.php"));
    ASSERT_NE(cut_off.pid(), 0);
    const auto begin = Clock::now();
    site().daemon().signal(SIGTERM);
    expect_clean_exit("NOTICE: Terminating ...");
    EXPECT_LT(Clock::now() - begin, kAtOnce);
    EXPECT_EQ(cut_off.rest().output.find("done"), std::string::npos);
}

TEST_F(StopSignals, IntDoesTheSame) {
    start_with_pid_file();
    site().daemon().signal(SIGINT);
    expect_clean_exit("NOTICE: Terminating ...");
}

TEST_F(StopSignals, QuitLetsARunningScriptFinish) {
    site().script("second.php", script_that_takes(1));
    site().global().set("process_control_timeout", "15");
    start_with_pid_file();
    RunningScript finishing(site().address(), site().request("/second.php"));
    ASSERT_NE(finishing.pid(), 0);
    site().daemon().signal(SIGQUIT);
    const Answer answer = finishing.rest();
    EXPECT_EQ(answer.output, "done") << answer;
    EXPECT_TRUE(answer.complete());
    finishing.hang_up();  // php-fpm's worker waits for that
    expect_clean_exit("NOTICE: Finishing ...");
}

TEST_F(StopSignals, QuitWaitsNoLongerThanTheProcessControlTimeout) {
    site().script("long.php", script_that_takes(60));
    site().global().set("process_control_timeout", "1");
    start_with_pid_file();
    RunningScript cut_off(site().address(), site().request("/long.php"));
    ASSERT_NE(cut_off.pid(), 0);
    const auto begin = Clock::now();
    site().daemon().signal(SIGQUIT);
    expect_clean_exit("NOTICE: Finishing ...");
    EXPECT_GT(Clock::now() - begin, milliseconds(800));
    EXPECT_LT(Clock::now() - begin, kAtOnce + milliseconds(1000));
}

TEST_F(StopSignals, WhatComesAfterTheEndHasBegunChangesNothing) {
    start_with_pid_file();
    while (site().daemon().running()) site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0})) << site().daemon().log();
}

}  // namespace
}  // namespace phalanx::harness

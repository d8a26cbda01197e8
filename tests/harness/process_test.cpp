#include "harness/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "harness/child_process.hpp"

namespace phalanx::harness {
namespace {

Command shell(std::string script) {
    Command command;
    command.arguments = {"/bin/sh", "-c", std::move(script)};
    return command;
}

TEST(HarnessProcess, RunGivesOutputErrorsAndExitCode) {
    const Outcome outcome =
        run({"/bin/sh", "-c", "echo out; echo err >&2; echo $MARK; exit 3"}, kPatience, {{"MARK", "set"}});
    EXPECT_EQ(outcome.output, "out\nset\n");
    EXPECT_EQ(outcome.errors, "err\n");
    EXPECT_EQ(outcome.status, (ExitStatus{3, 0}));
}

TEST(HarnessProcess, SeesItsOwnNumbers) {
    const auto self = process_stat(::getpid());
    ASSERT_TRUE(self);
    EXPECT_EQ(self->parent, ::getppid());
    EXPECT_EQ(self->session, ::getsid(0));
    EXPECT_GT(resident_kib(::getpid()).value_or(0), 1000u);
    EXPECT_GT(open_descriptors(::getpid()).value_or(0), 2u);
    EXPECT_EQ(effective_user(::getpid()), ::geteuid());
}

TEST(HarnessProcess, FindsGrandchildrenAndEndsWhatTheRootLeavesBehind) {
    pid_t left_behind = 0;
    {
        ChildProcess child(shell("sleep 100 & sleep 100"));
        ASSERT_TRUE(eventually(kPatience, [&] { return descendants(child.pid()).size() == 2; }));
        EXPECT_EQ(session_members(child.pid()).size(), 3u);
        left_behind = descendants(child.pid()).front();
        child.signal(SIGKILL);
        EXPECT_EQ(child.wait(), (ExitStatus{-1, SIGKILL}));
        EXPECT_TRUE(is_alive(left_behind));
    }
    EXPECT_FALSE(is_alive(left_behind));
}

TEST(HarnessProcess, WaitingEndsWithTheDeadline) {
    ChildProcess child(shell("sleep 100"));
    EXPECT_FALSE(child.wait(milliseconds(10)));
    EXPECT_TRUE(child.running());
}

TEST(HarnessProcess, CountsTheCpuTimeOfAWholeTree) {
    ChildProcess child(shell("(i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done) & wait; sleep 100"));
    EXPECT_TRUE(
        eventually(kPatience, [&] { return tree_use(child.pid()).cpu >= std::chrono::milliseconds(20); }));
}

}  // namespace
}  // namespace phalanx::harness

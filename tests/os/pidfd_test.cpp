#include "phalanx/os/pidfd.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "os_test_support.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::os {
namespace {

/// A child that runs the body and exits with its result.
template <typename Body>
UniqueFd start(Body&& body, pid_t& pid) {
    pid = ::fork();
    if (pid == 0) ::_exit(body());
    auto pidfd = open_pidfd(pid);
    EXPECT_TRUE(pidfd);
    return *std::move(pidfd);
}

int sleep_for_ever() {
    for (;;) ::pause();
}

/// The next child that has ended; gives up when there are no children left.
std::optional<ChildEnd> reap(const UniqueFd& pidfd) {
    await_end(pidfd);
    return reap_any_child();
}

TEST(Pidfd, ReportsAnExitCode) {
    pid_t pid = 0;
    const UniqueFd child = start([] { return 7; }, pid);
    EXPECT_TRUE(is_close_on_exec(child.get()));
    const auto end = reap(child);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->pid, pid);
    EXPECT_EQ(end->how, ChildEnd::How::exited);
    EXPECT_EQ(end->status, 7);
    EXPECT_FALSE(reap_any_child());
}

TEST(Pidfd, SendsASignalAndReportsIt) {
    pid_t pid = 0;
    const UniqueFd child = start(&sleep_for_ever, pid);
    EXPECT_TRUE(is_own_child(child));
    EXPECT_FALSE(reap_any_child()) << "it lives";
    EXPECT_TRUE(send_signal(child, SIGKILL));
    await_end(child);
    EXPECT_TRUE(is_own_child(child)) << "until it is reaped";
    const auto end = reap_any_child();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->pid, pid);
    EXPECT_EQ(end->how, ChildEnd::How::killed);
    EXPECT_EQ(end->status, SIGKILL);
    EXPECT_FALSE(is_own_child(child));
    EXPECT_FALSE(send_signal(child, SIGKILL));
}

TEST(Pidfd, NothingIsNoProcess) {
    EXPECT_FALSE(send_signal(UniqueFd(), SIGTERM));
    EXPECT_FALSE(reap_any_child());
    const auto none = open_pidfd(-1);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, EINVAL);
}

TEST(Pidfd, AnotherOnesProcessIsNoOwnChild) {
    const auto parent = open_pidfd(::getppid());
    ASSERT_TRUE(parent);
    EXPECT_FALSE(is_own_child(*parent));
}

TEST(Pidfd, ASubreaperInheritsOrphansAndTheirParentsDeathIsTold) {
    become_subreaper();
    const auto ready = make_pipe();
    const auto hold = make_pipe();
    pid_t middle_pid = 0;
    const UniqueFd middle = start(
        [&] {
            if (::fork() == 0) {
                set_parent_death_signal(SIGUSR1);
                const pid_t me = ::getpid();
                (void)!::write(ready->write_end.get(), &me, sizeof me);
                return sleep_for_ever();
            }
            char byte = 0;
            return ::read(hold->read_end.get(), &byte, 1) == 1 ? 0 : 1;
        },
        middle_pid);
    pid_t orphan = 0;
    ASSERT_EQ(::read(ready->read_end.get(), &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
    const auto orphan_fd = open_pidfd(orphan);
    ASSERT_TRUE(orphan_fd);
    EXPECT_FALSE(is_own_child(*orphan_fd));
    ASSERT_TRUE(write_all(hold->write_end.get(), "x"));

    await_end(middle);
    await_end(*orphan_fd);
    EXPECT_TRUE(is_own_child(*orphan_fd));
    std::set<std::pair<pid_t, int>> ends;
    while (const auto end = reap_any_child()) ends.emplace(end->pid, end->status);
    const std::set<std::pair<pid_t, int>> expected = {{middle_pid, 0}, {orphan, SIGUSR1}};
    EXPECT_EQ(ends, expected);
}

}  // namespace
}  // namespace phalanx::os

#include "phalanx/os/execution.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdlib>

#include "os_test_support.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/passed_sockets.hpp"

namespace phalanx::os {
namespace {

/// What a shell says that is executed in a child, in this program's place.
std::string said_by(Execution execution, const std::string& script) {
    auto pipe = make_pipe();
    EXPECT_TRUE(pipe);
    const int write_end = pipe->write_end.get();
    EXPECT_EQ(in_child([&] {
                  execution.path = "/bin/sh";
                  execution.arguments = {"sh", "-c", script};
                  execution.descriptors.push_back(write_end);
                  execution.environment.push_back("OUT=" + std::to_string(write_end));
                  (void)execute(execution);
                  return 1;
              }),
              0);
    pipe->write_end.reset();
    return read_to_end(pipe->read_end.get());
}

TEST(Execution, HandsOnItsDescriptorsAndLimitsAndNoOthers) {
    auto kept = make_pipe();
    ASSERT_TRUE(kept);
    Execution execution;
    execution.descriptors = {kept->read_end.get()};
    execution.file_limit = 99;
    execution.nice_value = ::getpriority(PRIO_PROCESS, 0);
    const std::string read_end = std::to_string(kept->read_end.get());
    const std::string other_end = std::to_string(kept->write_end.get());
    EXPECT_EQ(said_by(execution, "{ ulimit -n; test -e /proc/$$/fd/" + read_end +
                                     " && echo there; test -e /proc/$$/fd/" + other_end +
                                     " || echo gone; } > /proc/$$/fd/$OUT"),
              "99\nthere\ngone\n");
}

TEST(Execution, ThatFailsLeavesAllAsItWas) {
    auto kept = make_pipe();
    ASSERT_TRUE(kept);
    const FileLimit limit = file_limit();
    Execution execution;
    execution.path = "/nonexistent/program";
    execution.arguments = {"program"};
    execution.descriptors = {kept->read_end.get()};
    execution.file_limit = limit.soft - 1;
    execution.nice_value = ::getpriority(PRIO_PROCESS, 0);
    EXPECT_NE(execute(execution).text().find("failed to execute '/nonexistent/program'"), std::string::npos);
    EXPECT_TRUE(is_close_on_exec(kept->read_end.get()));
    EXPECT_EQ(file_limit().soft, limit.soft);
    execution.descriptors = {kept->read_end.get(), 9'999};
    EXPECT_NE(execute(execution).text().find("a descriptor cannot be handed on"), std::string::npos);
    EXPECT_TRUE(is_close_on_exec(kept->read_end.get()));
}

TEST(Execution, AForkGoesOnOnBothSidesAndTheCopyDiesWithItsParent) {
    auto pipe = make_pipe();
    ASSERT_TRUE(pipe);
    EXPECT_EQ(in_child([&] {
                  auto forked = fork_process();
                  if (!forked) return 1;
                  if (!forked->is_copy)
                      return forked->copy.pid > 0 && is_own_child(forked->copy.pidfd) ? 7 : 2;
                  pipe->read_end.reset();
                  for (;;) ::pause();
              }),
              7);
    pipe->write_end.reset();
    EXPECT_EQ(read_to_end(pipe->read_end.get()), "") << "ends only once the copy has";
}

TEST(Execution, TellsWhoseChildAProcessIsAndHowItEnded) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(9);
    const auto pidfd = open_pidfd(pid);
    ASSERT_TRUE(pidfd);
    await_end(*pidfd);
    EXPECT_TRUE(is_child_of(*pidfd, pid, ::getpid()));
    EXPECT_FALSE(is_child_of(*pidfd, pid, 1));
    const auto end = end_of_zombie(pid);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->how, ChildEnd::How::exited);
    EXPECT_EQ(end->status, 9);
    (void)reap_any_child();
    EXPECT_FALSE(end_of_zombie(pid));
    EXPECT_FALSE(is_child_of(*pidfd, pid, ::getpid()));
    EXPECT_FALSE(end_of_zombie(::getpid())) << "it lives";
}

TEST(Execution, TakesOnlyASocketThatTheVariableNames) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    const UniqueFd other(ends[1]);
    const auto take = [](const std::string& value) {
        ::setenv("PHALANX_TEST_FD", value.c_str(), 1);
        auto taken = take_passed_descriptor("PHALANX_TEST_FD", PassedKind::socket);
        EXPECT_EQ(std::getenv("PHALANX_TEST_FD"), nullptr);
        return taken;
    };
    for (const char* value : {"", "7", "x:1", "-1:1", "2:1", "9999:1", "99999999999:1"})
        EXPECT_FALSE(take(value)) << value;
    const auto event = make_eventfd();
    EXPECT_FALSE(take(std::to_string(event->get()) + ":1"));
    const auto taken = take(std::to_string(ends[0]) + ":42");
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->fd.get(), ends[0]);
    EXPECT_EQ(taken->rest, "42");
    EXPECT_TRUE(is_close_on_exec(ends[0]));
    EXPECT_FALSE(take_passed_descriptor("PHALANX_TEST_FD", PassedKind::socket));
}

TEST(SocketsToPass, AreNamedInAsManyVariablesAsItTakes) {
    std::vector<SocketToPass> sockets;
    EXPECT_TRUE(variables_for(sockets).empty());
    for (int fd = 10; fd < 139; ++fd) sockets.push_back({fd, "/run/" + std::to_string(fd), "name"});
    const auto variables = variables_for(sockets);
    ASSERT_EQ(variables.size(), 4u);
    EXPECT_TRUE(variables[0].starts_with("FPM_SOCKETS=/run/10=10,/run/11=11,"));
    EXPECT_TRUE(variables[1].starts_with("PHALANX_SOCKETS=10=name:11=name:"));
    EXPECT_EQ(variables[2], "FPM_SOCKETS_1=/run/138=138");
    EXPECT_EQ(variables[3], "PHALANX_SOCKETS_1=138=name");
}

}  // namespace
}  // namespace phalanx::os

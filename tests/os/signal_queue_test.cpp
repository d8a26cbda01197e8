#include "phalanx/os/signal_queue.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "os_test_support.hpp"

namespace phalanx::os {
namespace {

constexpr std::array some{SIGTERM, SIGHUP, SIGCHLD};

bool is_readable(const SignalQueue& queue) {
    pollfd looked{queue.fd(), POLLIN, 0};
    return ::poll(&looked, 1, 0) == 1;
}

std::vector<int> taken(SignalQueue& queue) {
    SignalQueue::Room room;
    const auto signals = queue.take(room);
    return {signals.begin(), signals.end()};
}

TEST(SignalQueue, KeepsWhatComesAndRepeatsNone) {
    EXPECT_EQ(in_child([] {
                  auto queue = SignalQueue::open(some);
                  if (!queue || !is_close_on_exec(queue->fd())) return 1;
                  if (is_readable(*queue) || !taken(*queue).empty()) return 2;
                  for (int i = 0; i < 3; ++i) {
                      (void)::raise(SIGTERM);
                      (void)::raise(SIGCHLD);
                  }
                  if (!is_readable(*queue)) return 3;
                  if (taken(*queue) != std::vector<int>{SIGTERM, SIGCHLD}) return 4;
                  return is_readable(*queue) || !taken(*queue).empty() ? 5 : 7;
              }),
              7);
}

TEST(SignalQueue, TakesWhatWasIgnoredToo) {
    EXPECT_EQ(in_child([] {
                  (void)::signal(SIGHUP, SIG_IGN);
                  auto queue = SignalQueue::open(some);
                  (void)::raise(SIGHUP);
                  return queue && taken(*queue) == std::vector<int>{SIGHUP} ? 7 : 1;
              }),
              7);
}

TEST(SignalQueue, LeavesOtherSignalsAndUnblocksThem) {
    EXPECT_EQ(in_child([] {
                  sigset_t all;
                  sigfillset(&all);
                  (void)::sigprocmask(SIG_SETMASK, &all, nullptr);
                  auto queue = SignalQueue::open(some);
                  (void)::raise(SIGUSR1);
                  return 1;
              }),
              256 + SIGUSR1);
}

TEST(SignalQueue, HasWhatCameBeforeItButNotInACopy) {
    EXPECT_EQ(in_child([] {
                  auto former = SignalQueue::open(some);
                  (void)::raise(SIGTERM);
                  if (in_child([&] { return taken(*former).empty() ? 7 : 1; }) != 7) return 1;
                  auto queue = SignalQueue::open(some);
                  const auto all = taken(*queue);
                  return !all.empty() && all.front() == SIGTERM ? 7 : 2;
              }),
              7);
}

}  // namespace
}  // namespace phalanx::os

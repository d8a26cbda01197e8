#include "phalanx/os/stall_alarm.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::os {
namespace {

using Clock = std::chrono::steady_clock;

TEST(StallAlarm, FreesACallThatWaitsAgainAndAgain) {
    auto pipe = make_pipe();
    auto alarm = StallAlarm::create();
    ASSERT_TRUE(pipe && alarm);
    const auto begin = Clock::now();
    alarm->put_off();
    char byte = 0;
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(::read(pipe->read_end.get(), &byte, 1), -1);
        EXPECT_EQ(errno, EINTR);
    }
    // 1.5 s and 0.5 s.
    EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(1900));
}

TEST(StallAlarm, DoesNotComeOnceItIsGone) {
    auto pipe = make_pipe();
    ASSERT_TRUE(pipe);
    {
        auto alarm = StallAlarm::create();
        ASSERT_TRUE(alarm);
        alarm->put_off();
    }
    EXPECT_EQ(::usleep(1'700'000), 0);
}

}  // namespace
}  // namespace phalanx::os

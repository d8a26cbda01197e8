#include "request_limits.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

using status::Stage;
using std::chrono::milliseconds;
using std::chrono::seconds;

config::PoolSettings limits(int slow, int terminate) {
    config::PoolSettings settings;
    settings.request_slowlog_timeout = seconds(slow);
    settings.request_terminate_timeout = seconds(terminate);
    return settings;
}

status::SlotSnapshot request(Stage stage, milliseconds age, std::uint64_t number = 1) {
    status::SlotSnapshot now{};
    now.stage = stage;
    now.requests = number;
    now.duration_usec = static_cast<std::uint64_t>(std::chrono::microseconds(age).count());
    return now;
}

TEST(WatchInterval, IsAThirdOfTheShorterLimitButNotTooShort) {
    EXPECT_EQ(watch_interval(limits(0, 0)), milliseconds(0));
    EXPECT_EQ(watch_interval(limits(1, 0)), milliseconds(333));
    EXPECT_EQ(watch_interval(limits(0, 30)), milliseconds(10'000));
    EXPECT_EQ(watch_interval(limits(6, 30)), milliseconds(2'000));
    EXPECT_EQ(watch_interval(limits(30, 6)), milliseconds(2'000));
}

TEST(JudgeRequest, SlowOnceOnlyWhileItsScriptRuns) {
    const auto settings = limits(2, 0);
    EXPECT_FALSE(judge_request(settings, request(Stage::running, milliseconds(1999)), 0).is_slow);
    EXPECT_TRUE(judge_request(settings, request(Stage::running, milliseconds(2000)), 0).is_slow);
    EXPECT_FALSE(judge_request(settings, request(Stage::running, milliseconds(9000), 7), 7).is_slow);
    EXPECT_TRUE(judge_request(settings, request(Stage::running, milliseconds(9000), 8), 7).is_slow);
    for (const Stage stage :
         {Stage::idle, Stage::reading_headers, Stage::getting_information, Stage::ending, Stage::finishing})
        EXPECT_FALSE(judge_request(settings, request(stage, milliseconds(9000)), 0).is_slow);
}

TEST(JudgeRequest, NothingIsSlowOrOverdueWithoutLimits) {
    const RequestFindings findings = judge_request(limits(0, 0), request(Stage::running, seconds(9000)), 0);
    EXPECT_FALSE(findings.is_slow);
    EXPECT_FALSE(findings.is_overdue);
}

TEST(JudgeRequest, SlowFirstAndOverdueAtTheNextLook) {
    const auto now = request(Stage::running, milliseconds(2000), 5);
    EXPECT_TRUE(judge_request(limits(2, 2), now, 4).is_slow);
    EXPECT_FALSE(judge_request(limits(2, 2), now, 4).is_overdue);
    EXPECT_FALSE(judge_request(limits(2, 2), now, 5).is_slow);
    EXPECT_TRUE(judge_request(limits(2, 2), now, 5).is_overdue);
}

TEST(JudgeRequest, OverdueFromItsHeadToItsAnswer) {
    auto settings = limits(0, 2);
    EXPECT_FALSE(judge_request(settings, request(Stage::running, milliseconds(1999)), 0).is_overdue);
    for (const Stage stage : {Stage::reading_headers, Stage::getting_information, Stage::running})
        EXPECT_TRUE(judge_request(settings, request(stage, milliseconds(2000)), 0).is_overdue);
    EXPECT_FALSE(judge_request(settings, request(Stage::idle, milliseconds(9000)), 0).is_overdue);
    for (const Stage stage : {Stage::ending, Stage::finishing}) {
        settings.request_terminate_timeout_track_finished = false;
        EXPECT_FALSE(judge_request(settings, request(stage, milliseconds(9000)), 0).is_overdue);
        settings.request_terminate_timeout_track_finished = true;
        EXPECT_TRUE(judge_request(settings, request(stage, milliseconds(9000)), 0).is_overdue);
    }
}

}  // namespace
}  // namespace phalanx::master

#include "timer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "event_loop.hpp"

namespace phalanx::master {
namespace {

using std::chrono::milliseconds;

class TimerTest : public testing::Test {
  protected:
    void SetUp() override {
        auto loop = EventLoop::create();
        ASSERT_TRUE(loop);
        loop_ = *std::move(loop);
    }
    /// Until `rung_` has that many letters; for 20 s at most.
    void run_until(std::size_t count) {
        const auto end = base::Monotonic::now() + std::chrono::seconds(20);
        while (rung_.size() < count && base::Monotonic::now() < end) loop_->run_ready();
    }
    std::unique_ptr<EventLoop> loop_;
    std::string rung_;
};

TEST_F(TimerTest, RingsInTheOrderOfTheTimes) {
    Timer late(*loop_);
    Timer early(*loop_);
    late.start(milliseconds(20), [this] { rung_ += 'l'; });
    early.start(milliseconds(1), [this] { rung_ += 'e'; });
    EXPECT_TRUE(late.armed() && early.armed());
    run_until(2);
    EXPECT_EQ(rung_, "el");
    EXPECT_FALSE(late.armed() || early.armed());
}

TEST_F(TimerTest, TheLoopWaitsUntilTheNext) {
    EXPECT_FALSE(loop_->timers().time_to_next()) << "for ever";
    Timer hour(*loop_);
    Timer minute(*loop_);
    hour.start(std::chrono::hours(1), [] {});
    minute.start(std::chrono::minutes(1), [] {});
    const auto left = loop_->timers().time_to_next();
    ASSERT_TRUE(left);
    EXPECT_GT(*left, std::chrono::seconds(30));
    EXPECT_LE(*left, std::chrono::minutes(1));
    minute.start(milliseconds(0), [this] { rung_ += 'm'; });
    EXPECT_EQ(loop_->timers().time_to_next(), milliseconds(0));
    const auto before = base::Monotonic::now();
    Timer end(*loop_);
    end.start(milliseconds(5), [this] { loop_->stop(); });
    loop_->run();
    EXPECT_GE(base::Monotonic::now() - before, milliseconds(5));
    EXPECT_EQ(rung_, "m");
}

TEST_F(TimerTest, ATimeThatNoClockCountsIsALongOne) {
    Timer timer(*loop_);
    timer.start(milliseconds::max(), [this] { rung_ += 'x'; });
    loop_->run_ready();
    EXPECT_TRUE(timer.armed());
    EXPECT_GT(loop_->timers().time_to_next(), std::chrono::hours(24 * 365));
}

TEST_F(TimerTest, CountsAnewWhenItIsStartedAgainAndIsSilentWhenCancelled) {
    Timer again(*loop_);
    Timer cancelled(*loop_);
    Timer last(*loop_);
    again.start(milliseconds(1), [this] { rung_ += 'x'; });
    again.start(milliseconds(2), [this] { rung_ += 'a'; });
    cancelled.start(milliseconds(1), [this] { rung_ += 'c'; });
    cancelled.cancel();
    EXPECT_FALSE(cancelled.armed());
    cancelled.cancel();
    last.start(milliseconds(10), [this] { rung_ += 'l'; });
    run_until(2);
    EXPECT_EQ(rung_, "al");
}

TEST_F(TimerTest, MayBeStartedAgainByWhatItCalls) {
    Timer timer(*loop_);
    std::function<void()> ring = [&] {
        rung_ += 'r';
        EXPECT_FALSE(timer.armed());
        timer.start(milliseconds(0), ring);
    };
    timer.start(milliseconds(0), ring);
    run_until(3);
    EXPECT_GE(rung_.size(), 3u);
}

TEST_F(TimerTest, WhatItCallsMayEndItAndOthers) {
    auto self = std::make_unique<Timer>(*loop_);
    auto other = std::make_unique<Timer>(*loop_);
    // What is called is used after the timers are gone.
    self->start(milliseconds(0), [&, letter = std::string("s")] {
        self.reset();
        other.reset();
        rung_ += letter;
    });
    other->start(milliseconds(0), [this] { rung_ += 'o'; });
    run_until(1);
    for (int turn = 0; turn < 3; ++turn) loop_->run_ready();
    EXPECT_EQ(rung_, "s");
}

}  // namespace
}  // namespace phalanx::master

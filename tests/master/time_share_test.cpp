#include "time_share.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <thread>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

using std::chrono::microseconds;

/// Always ready, and slow to handle.
class Talker final : public ReadyHandler {
  public:
    Talker(EventLoop& loop, TimeShare& share) : fd_(*os::make_eventfd()), member_(share, watch_) {
        watch_ = *loop.watch(fd_.get(), EPOLLIN, *this);
        (void)::eventfd_write(fd_.get(), 1);
    }
    void on_ready(std::uint32_t) override {
        ++reports;
        member_.handle([this] {
            ++handled;
            std::this_thread::sleep_for(microseconds(TimeShare::most) / 4);
            return cause;
        });
    }
    void end() { watch_ = {}; }
    TimeShare::Cause cause = TimeShare::Cause::own_accord;
    int reports = 0;
    int handled = 0;

  private:
    os::UniqueFd fd_;
    Watch watch_;
    TimeShare::Member member_;
};

class TimeShareTest : public testing::Test {
  protected:
    void run_for(std::chrono::milliseconds time) {
        const auto end = base::Monotonic::now() + time;
        while (base::Monotonic::now() < end) {
            loop_->run_ready();
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
    }
    std::unique_ptr<EventLoop> loop_ = *EventLoop::create();
    TimeShare share_{*loop_};
};

TEST_F(TimeShareTest, BoundsTheTimeOfAllMembersAndGoesOnInTheNextWindow) {
    Talker one(*loop_, share_);
    Talker other(*loop_, share_);
    run_for(10 * TimeShare::window);
    // Four in each window at most; without the share it were about a hundred.
    EXPECT_LE(one.handled + other.handled, 11 * 4);
    EXPECT_GE(one.handled + other.handled, 4 * 2);
    EXPECT_GT(one.handled, 0);
    EXPECT_GT(other.handled, 0);
}

TEST_F(TimeShareTest, DoesNotBoundAnswers) {
    Talker talker(*loop_, share_);
    talker.cause = TimeShare::Cause::answer;
    run_for(10 * TimeShare::window);
    EXPECT_EQ(talker.reports, talker.handled);
}

TEST_F(TimeShareTest, DoesNotLetPausedOnesReport) {
    Talker talker(*loop_, share_);
    run_for(5 * TimeShare::window);
    // Once more than it is handled in each window.
    EXPECT_LE(talker.reports, talker.handled + 6);
}

TEST_F(TimeShareTest, ForgetsWhoHasEnded) {
    Talker stays(*loop_, share_);
    {
        Talker goes(*loop_, share_);
        run_for(TimeShare::window / 2);
    }
    stays.end();
    const int handled = stays.handled;
    run_for(2 * TimeShare::window);
    EXPECT_EQ(stays.handled, handled);
}

}  // namespace
}  // namespace phalanx::master

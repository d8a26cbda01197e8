#include "event_loop.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "phalanx/base/clock.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

/// A descriptor that stays ready until the work it asks for is done, as a listener does whose connections are
/// accepted after the batch.
class Listener final : public ReadyHandler, public AfterBatch {
  public:
    Listener(EventLoop& loop, int fd) : loop_(loop), fd_(fd) {}
    void on_ready(std::uint32_t) override {
        loop_.after_batch(*this);
        // Not to hang where the loop never comes to the work.
        if (++events == too_many) drain();
    }
    void after_batch() override {
        ++works;
        drain();
    }
    static constexpr int too_many = 100;
    int events = 0;
    int works = 0;

  private:
    void drain() const {
        eventfd_t count = 0;
        (void)::eventfd_read(fd_, &count);
    }
    EventLoop& loop_;
    int fd_;
};

class EventLoopTest : public testing::Test {
  protected:
    void SetUp() override {
        auto loop = EventLoop::create();
        ASSERT_TRUE(loop);
        loop_ = *std::move(loop);
        auto event = os::make_eventfd();
        ASSERT_TRUE(event);
        event_ = *std::move(event);
    }
    std::unique_ptr<EventLoop> loop_;
    os::UniqueFd event_;
};

TEST_F(EventLoopTest, ComesToTheWorkAlthoughADescriptorStaysReady) {
    Listener listener(*loop_, event_.get());
    auto watch = loop_->watch(event_.get(), EPOLLIN, listener);
    ASSERT_TRUE(watch);
    ASSERT_EQ(::eventfd_write(event_.get(), 1), 0);
    for (int turn = 0; turn < 4 && listener.works == 0; ++turn) loop_->run_ready();
    EXPECT_EQ(listener.works, 1);
    EXPECT_LT(listener.events, Listener::too_many);
}

TEST_F(EventLoopTest, ATurnWithNothingReadyDoesNotWait) {
    Listener listener(*loop_, event_.get());
    auto watch = loop_->watch(event_.get(), EPOLLIN, listener);
    ASSERT_TRUE(watch);
    loop_->run_ready();
    EXPECT_EQ(listener.events, 0);
}

/// Work that ends other work which was asked for too, as a pool's end takes its dispatcher along.
class Ending final : public AfterBatch {
  public:
    explicit Ending(EventLoop& loop) : loop_(loop) { loop_.after_batch(*this); }
    ~Ending() { loop_.forget(*this); }
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    void after_batch() override {
        ++works;
        other.reset();
    }
    std::unique_ptr<Ending> other;
    int works = 0;

  private:
    EventLoop& loop_;
};

TEST_F(EventLoopTest, WorkThatIsForgottenByOtherWorkIsNotDone) {
    Ending first(*loop_);
    first.other = std::make_unique<Ending>(*loop_);
    Ending last(*loop_);
    loop_->run_ready();
    EXPECT_EQ(first.works, 1);
    EXPECT_EQ(first.other, nullptr);
    EXPECT_EQ(last.works, 1);
    loop_->run_ready();
    EXPECT_EQ(first.works + last.works, 2);
}

/// A counter as the workers' wake-ups are told by: it is watched for edges and never read.
class Counter final : public ReadyHandler {
  public:
    void on_ready(std::uint32_t) override { ++events; }
    int events = 0;
};

TEST_F(EventLoopTest, EachWriteToACounterIsAnEdgeAlthoughNobodyReadsIt) {
    Counter counter;
    auto watch = loop_->watch(event_.get(), EPOLLIN | EPOLLET, counter);
    ASSERT_TRUE(watch);
    for (int writes = 1; writes <= 3; ++writes) {
        ASSERT_EQ(::eventfd_write(event_.get(), 1), 0);
        for (int turn = 0; turn < 3; ++turn) loop_->run_ready();
        EXPECT_EQ(counter.events, writes);
    }
}

/// Whatever the copy does to its sets, the original's stay as they are.
TEST_F(EventLoopTest, ACopyOfTheProcessWatchesOnInSetsOfItsOwn) {
    auto other = os::make_eventfd();
    ASSERT_TRUE(other);
    Counter counter;
    Counter one_shot;
    auto watch = loop_->watch(event_.get(), EPOLLIN | EPOLLET, counter);
    auto once = loop_->watch(other->get(), EPOLLIN | EPOLLONESHOT, one_shot);
    ASSERT_TRUE(watch && once);
    ASSERT_EQ(::eventfd_write(other->get(), 1), 0);
    for (int turn = 0; turn < 3; ++turn) loop_->run_ready();
    ASSERT_EQ(one_shot.events, 1);
    Timer timer(*loop_);
    bool rang = false;
    timer.start(std::chrono::milliseconds(1), [&rang] { rang = true; });
    const pid_t copy = ::fork();
    ASSERT_GE(copy, 0);
    if (copy == 0) {
        if (!loop_->go_on_as_copy()) ::_exit(1);
        (void)::eventfd_write(event_.get(), 1);
        const auto end = base::Monotonic::now() + std::chrono::seconds(20);
        while ((counter.events == 0 || !rang) && base::Monotonic::now() < end) loop_->run_ready();
        // What was reported once is not reported again before it is armed again.
        if (one_shot.events != 1) ::_exit(2);
        once->rearm(EPOLLIN | EPOLLONESHOT);
        while (one_shot.events == 1 && base::Monotonic::now() < end) loop_->run_ready();
        watch = Watch();
        ::_exit(counter.events == 1 && one_shot.events == 2 && rang ? 0 : 3);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(copy, &status, 0), copy);
    EXPECT_EQ(status, 0);
    for (int turn = 0; turn < 3; ++turn) loop_->run_ready();
    EXPECT_EQ(counter.events, 1) << "the copy's write is told here, too";
    ASSERT_EQ(::eventfd_write(event_.get(), 1), 0);
    for (int turn = 0; turn < 3; ++turn) loop_->run_ready();
    EXPECT_EQ(counter.events, 2);
}

}  // namespace
}  // namespace phalanx::master

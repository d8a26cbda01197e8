#include "dispatcher.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/message_socket.hpp"

namespace phalanx::master {
namespace {

using link::MessageKind;
using os::Waiting;

/// Listens at an abstract address of the kernel's choice (unix(7), Autobind feature).
os::UniqueFd listen_anywhere() {
    os::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const sockaddr_un nameless{AF_UNIX, {}};
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&nameless), sizeof(sa_family_t)), 0);
    EXPECT_EQ(::listen(listener.get(), 8), 0);
    return listener;
}

/// A pool with one worker, whose side of the channel the test plays.
class DispatcherTest : public testing::Test, public DispatchEvents {
  protected:
    void SetUp() override {
        settings_.queue_max_length = 8;
        worker_.slot = slot_;
        auto channel = JobChannel::create();
        ASSERT_TRUE(channel);
        worker_.channel = *std::move(channel);
        worker_.life = WorkerLife::serving;
        ASSERT_TRUE(dispatcher_.start());
        dispatcher_.worker_joined(slot_);
    }
    // DispatchEvents
    bool can_grow_on_demand() override { return false; }
    bool may_grow() const override { return false; }
    void connection_waits_for_growth() override {}
    bool lacks_workers() const override { return false; }
    bool cannot_serve() const override { return false; }
    std::uint64_t requests_begun() const override { return 0; }
    os::Backlog kernel_queue() override { return {}; }
    void busy_workers(std::size_t) override {}
    void worker_unreachable(WorkerHandle& worker) override {
        EXPECT_EQ(&worker, &worker_);
        worker.life = WorkerLife::leaving;
    }
    void listener_harmed(ListenerHarm) override { ADD_FAILURE(); }
    std::uint64_t requests_begun_by(const WorkerHandle&) const override { return 0; }
    std::chrono::microseconds last_duration_of(const WorkerHandle&) const override { return {}; }

    /// A client whose connection, which breaks the protocol at once, is a job for the worker.
    os::UniqueFd connect() {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        os::UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
        EXPECT_EQ(::send(client.get(), "no FastCGI at all", 17, 0), 17);
        return client;
    }
    std::optional<MessageKind> received() {
        std::array<std::byte, link::max_message_bytes> room;
        const auto message = os::receive_message(worker_.channel.there(), room, 2, Waiting::no);
        link::MessageHead head;
        if (message.state != os::ReceivedMessage::State::message || message.size < sizeof head)
            return std::nullopt;
        std::memcpy(&head, room.data(), sizeof head);
        return head.kind;
    }
    std::uint32_t control() { return pages_.master().control[slot_.number()].load(); }
    template <typename Condition>
    bool eventually(Condition&& condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            loop_->run_ready();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return true;
    }

    base::WorkerSlot slot_{0};
    std::unique_ptr<EventLoop> loop_ = *EventLoop::create();
    link::PoolPages pages_ = *link::PoolPages::create({1, 64, sizeof(status::PoolPage)});
    os::UniqueFd listener_ = listen_anywhere();
    os::UniqueFd wake_ = *os::make_eventfd();
    WorkerHandle worker_;
    config::PoolSettings settings_;
    log::ErrorLog log_;
    ConnectionBudget budget_{8};
    ConnectionShare share_{budget_, 0};
    ClientLog client_log_{log_, settings_};
    OwnPages own_pages_{{{}, {}, {}, {}, [] { return status::PoolSnapshot{}; }}};
    Dispatcher dispatcher_{{*loop_,
                            *this,
                            settings_,
                            pages_,
                            {&worker_, 1},
                            listener_.get(),
                            wake_.get(),
                            share_,
                            client_log_,
                            own_pages_}};
};

TEST_F(DispatcherTest, TakesAJobBackThatLiesThereTooLongAndTellsTheWorker) {
    pages_.set_idle(slot_);
    const os::UniqueFd client = connect();
    ASSERT_TRUE(eventually([&] { return worker_.channel.job_sent_at().has_value(); }));
    const std::uint32_t before = control();
    ASSERT_TRUE(eventually([&] { return !worker_.channel.job_sent_at(); }));
    EXPECT_EQ(dispatcher_.waiting(), 1u);
    EXPECT_NE(control(), before);
    EXPECT_EQ(received(), MessageKind::recheck);
    EXPECT_FALSE(received());
}

/// The worker was so quick that it seems not to have begun. It may have looked into its channel while the
/// message was out of it.
TEST_F(DispatcherTest, TellsTheWorkerOfMessagesThatItHasMoved) {
    pages_.set_idle(slot_);
    const os::UniqueFd client = connect();
    ASSERT_TRUE(eventually([&] { return worker_.channel.job_sent_at().has_value(); }));
    EXPECT_EQ(received(), MessageKind::job);
    ASSERT_TRUE(worker_.channel.send_control(MessageKind::leave));
    const std::uint32_t before = control();
    ASSERT_TRUE(eventually([&] { return !worker_.channel.job_sent_at(); }));
    EXPECT_NE(control(), before);
    EXPECT_EQ(dispatcher_.waiting(), 0u);
    EXPECT_EQ(received(), MessageKind::leave);
    EXPECT_FALSE(received());
}

TEST_F(DispatcherTest, HasNothingToTellWhereTheChannelIsEmpty) {
    pages_.set_idle(slot_);
    const os::UniqueFd client = connect();
    ASSERT_TRUE(eventually([&] { return worker_.channel.job_sent_at().has_value(); }));
    EXPECT_EQ(received(), MessageKind::job);
    const std::uint32_t before = control();
    ASSERT_TRUE(eventually([&] { return !worker_.channel.job_sent_at(); }));
    EXPECT_EQ(control(), before);
    EXPECT_FALSE(received());
}

/// Of what it is given ahead, or because the kernel has no memory just now.
TEST_F(DispatcherTest, KeepsAWorkerWhoseChannelIsFull) {
    while (worker_.channel.send_control(MessageKind::recheck)) {
    }
    pages_.set_idle(slot_);
    const os::UniqueFd client = connect();
    ASSERT_TRUE(eventually([&] { return dispatcher_.waiting() == 1; }));
    EXPECT_FALSE(worker_.channel.job_sent_at());
    EXPECT_EQ(worker_.life, WorkerLife::serving);
    while (received() == MessageKind::recheck) {
    }
    ASSERT_TRUE(eventually([&] { return worker_.channel.job_sent_at().has_value(); }));
    EXPECT_EQ(dispatcher_.waiting(), 0u);
    EXPECT_EQ(received(), MessageKind::job);
}

TEST_F(DispatcherTest, LetsAWorkerGoThatHasStoppedReceiving) {
    os::stop_receiving(worker_.channel.there());
    pages_.set_idle(slot_);
    const std::uint32_t before = control();
    const os::UniqueFd client = connect();
    ASSERT_TRUE(eventually([&] { return worker_.life == WorkerLife::leaving; }));
    EXPECT_EQ(dispatcher_.waiting(), 1u);
    EXPECT_NE(control(), before) << "it is to look for the end of its channel";
}

TEST_F(DispatcherTest, LetsAWorkerGoThatCannotBeToldToLookAgain) {
    pages_.set_idle(slot_);
    const os::UniqueFd client = connect();
    ASSERT_TRUE(eventually([&] { return worker_.channel.job_sent_at().has_value(); }));
    worker_.channel.end_sending();
    ASSERT_TRUE(eventually([&] { return worker_.life == WorkerLife::leaving; }));
    EXPECT_EQ(dispatcher_.waiting(), 1u);
    std::array<std::byte, link::max_message_bytes> room;
    EXPECT_EQ(os::receive_message(worker_.channel.there(), room, 2, Waiting::no).state,
              os::ReceivedMessage::State::end);
}

}  // namespace
}  // namespace phalanx::master

#include "upgrade_channel.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

using Received = UpgradeChannel::Received;

class UpgradeChannelTest : public testing::Test {
  protected:
    void SetUp() override {
        auto loop = EventLoop::create();
        ASSERT_TRUE(loop);
        loop_ = *std::move(loop);
        auto pair = os::make_message_pair();
        ASSERT_TRUE(pair);
        there_ = std::move(pair->there);
        channel_ = std::make_unique<UpgradeChannel>(
            *loop_, std::move(pair->here),
            [this](UpgradePacket packet) { taken_.push_back(std::move(packet)); }, [this] { ++ends_; });
    }
    os::UniqueFd some_descriptor() {
        auto event = os::make_eventfd();
        EXPECT_TRUE(event);
        return *std::move(event);
    }
    void say(const UpgradeHead& head, std::string_view bytes, std::size_t descriptors = 0) {
        const os::UniqueFd fd = some_descriptor();
        const std::vector<int> fds(descriptors, fd.get());
        ASSERT_EQ(os::send_message(there_.get(), std::as_bytes(std::span(&head, 1)),
                                   std::as_bytes(std::span(bytes)), fds, os::Waiting::no),
                  os::SendResult::sent);
    }
    std::unique_ptr<EventLoop> loop_;
    os::UniqueFd there_;
    std::unique_ptr<UpgradeChannel> channel_;
    std::vector<UpgradePacket> taken_;
    int ends_ = 0;
    UpgradePacket packet_;
};

TEST_F(UpgradeChannelTest, CarriesAnObject) {
    PoolNews news;
    news.living = 7;
    ASSERT_EQ(send_now(there_.get(), make_packet(UpgradeKind::news, 3, news)), os::SendResult::sent);
    ASSERT_EQ(channel_->receive(packet_), Received::packet);
    EXPECT_EQ(packet_.head.kind, UpgradeKind::news);
    EXPECT_EQ(packet_.head.pool, 3u);
    const auto found = object_in<PoolNews>(packet_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->living, 7u);
    EXPECT_EQ(channel_->receive(packet_), Received::nothing);
    packet_.bytes.pop_back();
    EXPECT_FALSE(object_in<PoolNews>(packet_));
}

TEST_F(UpgradeChannelTest, AnnouncesAThousandPoolsBeforeAnybodyReads) {
    std::vector<PoolAnnouncement> pools(1'000);
    for (std::uint32_t i = 0; i < pools.size(); ++i) {
        pools[i].news.living = i;
        pools[i].address = "/run/php/site-" + std::to_string(i) + ".sock";
    }
    for (const UpgradePacket& packet : announce(pools))
        ASSERT_EQ(send_now(there_.get(), packet), os::SendResult::sent);
    std::uint32_t number = 0;
    while (channel_->receive(packet_) == Received::packet) {
        for (const PoolAnnouncement& pool : pools_in(packet_)) {
            ASSERT_EQ(pool.news.living, number);
            ASSERT_EQ(pool.address, pools[number].address);
            ++number;
        }
    }
    EXPECT_EQ(number, pools.size());
}

TEST_F(UpgradeChannelTest, ReadsOnlyPoolsThatAreWhole) {
    UpgradePacket packet = std::move(announce({{{}, "/run/a.sock"}, {{}, "/run/b.sock"}}).front());
    EXPECT_EQ(pools_in(packet).size(), 2u);
    packet.bytes.pop_back();
    EXPECT_EQ(pools_in(packet).size(), 1u);
    packet.bytes.resize(sizeof(PoolNews) + 2);
    EXPECT_TRUE(pools_in(packet).empty());
    packet.bytes.assign(sizeof(PoolNews) + sizeof(std::uint32_t) + 100, '\xff');
    EXPECT_TRUE(pools_in(packet).empty());
}

TEST_F(UpgradeChannelTest, CarriesAConnectionWithMoreBytesThanAPacketHolds) {
    auto other = os::make_message_pair();
    ASSERT_TRUE(other);
    UpgradeChannel sender(
        *loop_, std::move(there_), [](UpgradePacket) {}, [] {});
    for (const std::size_t size : {std::size_t{0}, most_packet_bytes, 3 * most_packet_bytes + 1}) {
        PassedConnection connection{some_descriptor(), Served::yes, std::string(size, 'x'),
                                    base::Monotonic::now() - std::chrono::seconds(2), LinePlace::front};
        sender.send_connection(5, std::move(connection));
        EXPECT_TRUE(sender.has_sent_all());
        ASSERT_EQ(channel_->receive(packet_), Received::packet);
        EXPECT_EQ(packet_.head.pool, 5u);
        const PassedConnection received = connection_in(std::move(packet_));
        EXPECT_TRUE(received.fd);
        EXPECT_EQ(received.served, Served::yes);
        EXPECT_EQ(received.place, LinePlace::front);
        EXPECT_EQ(received.bytes.size(), size);
        EXPECT_GE(base::Monotonic::now() - received.since, std::chrono::seconds(2));
        EXPECT_LT(base::Monotonic::now() - received.since, std::chrono::seconds(60));
    }
}

TEST_F(UpgradeChannelTest, BelievesNoTimeThatIsStillToCome) {
    UpgradePacket late = make_packet(UpgradeKind::connection, 0, ~std::uint64_t{0});
    const auto since = connection_in(std::move(late)).since;
    EXPECT_LE(since, base::Monotonic::now());
    EXPECT_EQ(connection_in(make_packet(UpgradeKind::connection)).since, base::MonotonicTime{});
}

TEST_F(UpgradeChannelTest, KeepsInOrderWhatCannotBeSentAtOnce) {
    UpgradeChannel sender(
        *loop_, std::move(there_), [](UpgradePacket) {}, [] {});
    constexpr std::uint32_t number = 2'000;
    for (std::uint32_t i = 0; i < number; ++i) {
        UpgradePacket packet = make_packet(UpgradeKind::news, i);
        packet.bytes.assign(1'000, 'x');
        sender.send(std::move(packet));
    }
    EXPECT_FALSE(sender.has_sent_all());
    ASSERT_TRUE(channel_->watch());
    const auto end = base::Monotonic::now() + std::chrono::seconds(20);
    while (taken_.size() < number && base::Monotonic::now() < end) loop_->run_ready();
    ASSERT_EQ(taken_.size(), number);
    for (std::uint32_t i = 0; i < number; ++i) ASSERT_EQ(taken_[i].head.pool, i);
    EXPECT_TRUE(sender.has_sent_all());
}

TEST_F(UpgradeChannelTest, EndsWithAnythingThatHasNotItsForm) {
    const auto refused = [&](const UpgradeHead& head, std::string_view bytes, std::size_t descriptors) {
        say(head, bytes, descriptors);
        UpgradePacket packet;
        EXPECT_EQ(channel_->receive(packet), Received::end);
    };
    refused({UpgradeKind::news, 0, 0, 2, 0}, "abc", 0);
    refused({UpgradeKind::news, 0, 0, ~0U, 0}, "abc", 0);
    refused({UpgradeKind::news, 0, 0, 3, 0}, "abc", 1);
    refused({UpgradeKind::connection, 0, 0, 3, 0}, "abc", 0);
    refused({UpgradeKind::connection, 0, 0, 3, 0}, "abc", 2);
    const std::string much(most_packet_bytes + 1, 'x');
    refused({UpgradeKind::news, 0, 0, static_cast<std::uint32_t>(much.size()), 0}, much, 0);
    ASSERT_EQ(::send(there_.get(), "short", 5, 0), 5);
    EXPECT_EQ(channel_->receive(packet_), Received::end);
}

TEST_F(UpgradeChannelTest, BoundsTheBytesOfAConnection) {
    const std::string part(most_packet_bytes, 'x');
    const UpgradeHead head{UpgradeKind::part, 0, 0, most_packet_bytes, 0};
    Received received = Received::nothing;
    std::size_t sent = 0;
    while (received == Received::nothing && sent <= 2 * most_connection_bytes) {
        say(head, part);
        sent += part.size();
        received = channel_->receive(packet_);
    }
    EXPECT_EQ(received, Received::end);
    EXPECT_LE(sent, most_connection_bytes + most_packet_bytes);
}

TEST_F(UpgradeChannelTest, TellsOnceThatTheOtherSideIsGone) {
    ASSERT_TRUE(channel_->watch());
    channel_->send(make_packet(UpgradeKind::yield));
    there_.reset();
    for (int i = 0; i < 10; ++i) loop_->run_ready();
    EXPECT_EQ(ends_, 1);
    EXPECT_FALSE(channel_->is_open());
    channel_->send(make_packet(UpgradeKind::yield));
    EXPECT_TRUE(channel_->has_sent_all());
}

TEST_F(UpgradeChannelTest, KnowsOnlyEndsThatThereAre) {
    const os::ChildEnd end{42, os::ChildEnd::How::dumped_core, 11};
    const auto found = end_in(news_of(end));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->pid, 42);
    EXPECT_EQ(found->how, os::ChildEnd::How::dumped_core);
    EXPECT_EQ(found->status, 11);
    EXPECT_FALSE(end_in({0, 0, 0, 0}));
    EXPECT_FALSE(end_in({-1, 0, 0, 0}));
    EXPECT_FALSE(end_in({42, 0, 3, 0}));
}

}  // namespace
}  // namespace phalanx::master

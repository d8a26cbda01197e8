#include "job_channel.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "foreign_descriptors.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

using link::MessageHead;
using link::MessageKind;
using Received = JobChannel::Received;

class JobChannelTest : public testing::Test {
  protected:
    void SetUp() override {
        auto made = JobChannel::create();
        ASSERT_TRUE(made);
        channel_ = *std::move(made);
        auto event = os::make_eventfd();
        ASSERT_TRUE(event);
        event_ = *std::move(event);
    }
    /// As the worker would, whatever it is.
    void say(const MessageHead& head, std::string_view bytes, std::size_t fd_count) {
        const std::vector<int> fds(fd_count, event_.get());
        ASSERT_EQ(os::send_message(channel_.there(), link::bytes_of(head), std::as_bytes(std::span(bytes)),
                                   fds, os::Waiting::no),
                  os::SendResult::sent);
    }
    JobChannel channel_;
    os::UniqueFd event_;
    Note note_;
};

TEST_F(JobChannelTest, TakesNotesWithADescriptorOrWithout) {
    say({MessageKind::kept, link::flag_closed, {3, 4}, 2}, "ab", 0);
    ASSERT_EQ(channel_.receive(note_), Received::note);
    EXPECT_EQ(note_.head.connection, (link::ConnectionId{3, 4}));
    EXPECT_EQ(note_.bytes, "ab");
    EXPECT_EQ(note_.sender, ::getpid());
    EXPECT_FALSE(note_.fd);
    say({MessageKind::give, 0, {}, 0}, "", 1);
    ASSERT_EQ(channel_.receive(note_), Received::note);
    EXPECT_TRUE(note_.fd);
    EXPECT_EQ(channel_.receive(note_), Received::nothing);
}

TEST_F(JobChannelTest, RefusesSizesThatAreNotSo) {
    for (const std::uint32_t size : {0U, 2U, 4U, ~0U}) {
        say({MessageKind::kept, 0, {}, size}, "abc", 0);
        EXPECT_EQ(channel_.receive(note_), Received::malformed) << size;
    }
    say({MessageKind::kept, 0, {}, link::max_inline_bytes + 1}, std::string(link::max_inline_bytes + 1, 'x'),
        0);
    EXPECT_EQ(channel_.receive(note_), Received::malformed);
}

/// The kernel has closed it, and the worker is not to blame.
TEST_F(JobChannelTest, ADescriptorForWhichThereIsNoneLeftIsNoBreachOfTheRules) {
    say({MessageKind::give, 0, {}, 0}, "", 1);
    say({MessageKind::give, 0, {}, 0}, "", os::max_message_fds);
    say({MessageKind::kept, 0, {}, 0}, "", 0);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const os::UniqueFd next_free(::dup(event_.get()));
    const rlimit none_left{static_cast<rlim_t>(next_free.get()) + 1, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
    const Received one = channel_.receive(note_);
    const Received many = channel_.receive(note_);
    const Received without = channel_.receive(note_);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(one, Received::lost);
    EXPECT_EQ(many, Received::lost);
    EXPECT_EQ(without, Received::note);
    EXPECT_FALSE(note_.fd);
}

TEST_F(JobChannelTest, HandsOnAllDescriptorsOfAMalformedPacket) {
    say({MessageKind::give, 0, {}, 1}, "", 1);
    ASSERT_EQ(channel_.receive(note_), Received::malformed);
    EXPECT_TRUE(note_.fd);
    for (const std::size_t count : {std::size_t{2}, std::size_t{3}, os::max_message_fds}) {
        Note note;
        say({MessageKind::give, 0, {}, 0}, "", count);
        ASSERT_EQ(channel_.receive(note), Received::malformed) << count;
        EXPECT_EQ(note.surplus.size(), count) << "a descriptor was closed on the way, which may wait";
        EXPECT_FALSE(note.fd);
    }
}

TEST_F(JobChannelTest, IsKeptAtItsEndWhereDescriptorsLieUnread) {
    say({MessageKind::kept, 0, {}, 0}, "", 0);
    ASSERT_EQ(::send(channel_.there(), "", 0, 0), 0);
    say({MessageKind::give, 0, {}, 9}, "", 3);
    EXPECT_TRUE(channel_.close());
    EXPECT_FALSE(channel_);
}

TEST_F(JobChannelTest, IsClosedAtItsEndWhereOnlyWordsLieUnread) {
    say({MessageKind::kept, 0, {}, 0}, "", 0);
    ASSERT_EQ(::send(channel_.there(), "", 0, 0), 0);
    say({MessageKind::kept, 0, {}, 0}, "", 0);
    EXPECT_FALSE(channel_.close());
    EXPECT_FALSE(channel_);
}

TEST(ForeignDescriptors, ClosesSocketsAndKeepsTheRest) {
    auto pair = os::make_message_pair();
    auto event = os::make_eventfd();
    ASSERT_TRUE(pair && event);
    const int kept = event->get();
    ForeignDescriptors foreign;
    foreign.take(std::move(pair->there));
    foreign.take(*std::move(event));
    foreign.take(os::UniqueFd());
    EXPECT_EQ(os::send_message(pair->here.get(), std::as_bytes(std::span("x")), {}, {}, os::Waiting::no),
              os::SendResult::peer_gone);
    EXPECT_TRUE(os::set_non_blocking(kept)) << "it is open";
}

TEST_F(JobChannelTest, JobsTellHowLongTheyWaited) {
    const std::pair<std::uint64_t, std::uint32_t> waits[] = {
        {0, 0}, {1234567, 1234567}, {0xFFFF'FFFF, 0xFFFF'FFFF}, {0x1'0000'0000, 0xFFFF'FFFF}};
    for (const auto& [waited, told] : waits) {
        Job job;
        job.held = link::ConnectionId{5, 6};
        job.waited_usec = waited;
        ASSERT_EQ(channel_.send(job, event_.get()), JobChannel::Sent::yes);
        const auto back = channel_.take_back().jobs;
        ASSERT_EQ(back.size(), 1U);
        EXPECT_EQ(back[0].waited_usec, told);
        EXPECT_EQ(back[0].held, job.held);
    }
}

TEST(ForeignDescriptors, KeepsSocketsInWhichDescriptorsLie) {
    auto pair = os::make_message_pair();
    auto event = os::make_eventfd();
    ASSERT_TRUE(pair && event);
    const int fds[] = {event->get()};
    const auto byte = std::as_bytes(std::span("x"));
    ASSERT_EQ(os::send_message(pair->here.get(), byte, {}, {}, os::Waiting::no), os::SendResult::sent);
    ASSERT_EQ(os::send_message(pair->here.get(), byte, {}, fds, os::Waiting::no), os::SendResult::sent);
    const int kept = pair->there.get();
    ForeignDescriptors foreign;
    foreign.take(std::move(pair->there));
    EXPECT_TRUE(os::set_non_blocking(kept)) << "it is open";
}

}  // namespace
}  // namespace phalanx::master

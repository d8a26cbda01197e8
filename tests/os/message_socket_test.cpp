#include "phalanx/os/message_socket.hpp"

#include <gtest/gtest.h>

#include "os_test_support.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::os {
namespace {

using State = ReceivedMessage::State;

class MessageSocket : public ::testing::Test {
  protected:
    void SetUp() override {
        auto made = make_message_pair();
        ASSERT_TRUE(made);
        pair_ = *std::move(made);
    }
    [[nodiscard]] int here() const { return pair_.here.get(); }
    [[nodiscard]] int there() const { return pair_.there.get(); }
    [[nodiscard]] static SendResult send(int socket, std::string_view text, std::span<const int> fds = {}) {
        return send_message(socket, as_bytes(text), {}, fds, Waiting::no);
    }
    ReceivedMessage receive(int socket, std::size_t most_fds = 4, Waiting waiting = Waiting::no) {
        return receive_message(socket, room_, most_fds, waiting);
    }
    [[nodiscard]] std::string text_of(const ReceivedMessage& message) const {
        return as_text(std::span(room_).first(message.size));
    }
    MessagePair pair_;
    std::byte room_[64] = {};
};

TEST_F(MessageSocket, KeepsMessagesApartAndInOrder) {
    EXPECT_TRUE(is_close_on_exec(here()));
    EXPECT_TRUE(is_close_on_exec(there()));
    EXPECT_EQ(receive(there()).state, State::nothing);
    ASSERT_EQ(send_message(here(), as_bytes("head"), as_bytes("+tail"), {}, Waiting::no), SendResult::sent);
    ASSERT_EQ(send(here(), "second"), SendResult::sent);
    auto message = receive(there());
    ASSERT_EQ(message.state, State::message);
    EXPECT_EQ(text_of(message), "head+tail");
    EXPECT_FALSE(message.cut);
    EXPECT_TRUE(message.fds.empty());
    message = receive(there());
    EXPECT_EQ(text_of(message), "second");
    EXPECT_EQ(receive(there()).state, State::nothing);
}

TEST_F(MessageSocket, DescriptorsAreLentToSendAndOwnedOnArrival) {
    const auto pipe = make_pipe();
    const int lent[] = {pipe->read_end.get(), pipe->write_end.get()};
    ASSERT_EQ(send(here(), "x", lent), SendResult::sent);
    EXPECT_TRUE(is_open(lent[0]));
    const auto before = open_descriptors();
    {
        const auto message = receive(there());
        ASSERT_EQ(message.fds.size(), 2U);
        EXPECT_FALSE(message.cut);
        for (const auto& fd : message.fds) EXPECT_TRUE(is_close_on_exec(fd.get()));
        ASSERT_EQ(::write(message.fds[1].get(), "y", 1), 1);
        char byte = 0;
        EXPECT_EQ(::read(lent[0], &byte, 1), 1);
        EXPECT_EQ(byte, 'y');
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(MessageSocket, CarriesAsManyDescriptorsAsPromised) {
    const auto fd = make_eventfd();
    const std::vector<int> many(max_message_fds, fd->get());
    ASSERT_EQ(send(here(), "x", many), SendResult::sent);
    const auto message = receive(there(), max_message_fds);
    EXPECT_EQ(message.fds.size(), max_message_fds);
    EXPECT_FALSE(message.cut);
}

TEST_F(MessageSocket, TellsTheSenderByTheKernelsWord) {
    ASSERT_EQ(send(there(), "from me"), SendResult::sent);
    EXPECT_EQ(receive(here()).sender, ::getpid());
    const pid_t child = ::fork();
    if (child == 0) ::_exit(send(there(), "from the child") == SendResult::sent ? 0 : 1);
    const auto message = receive(here(), 4, Waiting::yes);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(text_of(message), "from the child");
    EXPECT_EQ(message.sender, child);

    ASSERT_EQ(send(here(), "x"), SendResult::sent);
    EXPECT_EQ(receive(there()).sender, 0) << "only `here` asks for it";
}

TEST_F(MessageSocket, WhatNobodyReadIsDiscardedUpToDescriptors) {
    const auto fd = make_eventfd();
    const int lent[] = {fd->get()};
    for (const Options options : {Options::ours_alone, Options::others_too}) {
        ASSERT_EQ(send(there(), "bytes"), SendResult::sent);
        ASSERT_EQ(send(there(), ""), SendResult::sent);
        ASSERT_EQ(send(there(), "more"), SendResult::sent);
        EXPECT_TRUE(discard_unread(here(), options));
        EXPECT_EQ(receive(here()).state, State::nothing);
        ASSERT_EQ(send(there(), ""), SendResult::sent);
        ASSERT_EQ(send(there(), "", lent), SendResult::sent);
        EXPECT_FALSE(discard_unread(here(), options));
        EXPECT_EQ(receive(here()).fds.size(), 1U) << "it is left there";
    }
}

TEST_F(MessageSocket, WhatNobodyReadIsDiscardedUpToTheEnd) {
    ASSERT_EQ(send(there(), ""), SendResult::sent);
    ASSERT_EQ(send(there(), "last"), SendResult::sent);
    pair_.there.reset();
    EXPECT_TRUE(discard_unread(here(), Options::ours_alone));
    EXPECT_EQ(receive(here()).state, State::end);
    EXPECT_TRUE(discard_unread(here(), Options::others_too));
}

TEST_F(MessageSocket, TooLongMessagesAreCut) {
    ASSERT_EQ(send(here(), std::string(sizeof room_ + 1, 'x')), SendResult::sent);
    ASSERT_EQ(send(here(), std::string(sizeof room_, 'y')), SendResult::sent);
    const auto cut = receive(there());
    EXPECT_EQ(cut.state, State::message);
    EXPECT_TRUE(cut.cut);
    EXPECT_EQ(cut.size, sizeof room_);
    const auto whole = receive(there());
    EXPECT_FALSE(whole.cut);
    EXPECT_EQ(text_of(whole), std::string(sizeof room_, 'y'));
}

TEST_F(MessageSocket, SurplusDescriptorsCountAsCutAndAreTheReaders) {
    const auto fd = make_eventfd();
    const std::vector<int> many(max_message_fds, fd->get());
    for (const auto& [from, to] : {std::pair(here(), there()), std::pair(there(), here())}) {
        for (const std::size_t most : {std::size_t{0}, std::size_t{1}, max_message_fds - 1}) {
            ASSERT_EQ(send(from, "x", many), SendResult::sent);
            const auto before = open_descriptors();
            {
                const auto message = receive(to, most);
                EXPECT_TRUE(message.cut) << most;
                EXPECT_EQ(message.fds.size(), many.size()) << "none is left for the kernel to close";
            }
            EXPECT_EQ(open_descriptors(), before);
        }
    }
}

TEST_F(MessageSocket, MasterReadsWhatTheWorkerLeftFromTheWorkersEnd) {
    const auto fd = make_eventfd();
    const int lent[] = {fd->get()};
    ASSERT_EQ(send(here(), "job 1", lent), SendResult::sent);
    ASSERT_EQ(send(here(), "job 2", lent), SendResult::sent);
    // The worker has copies of both ends through fork, takes one message and dies.
    EXPECT_EQ(in_child([&] { return receive(there()).fds.size() == 1 ? 0 : 1; }), 0);
    const auto undelivered = receive(there());
    EXPECT_EQ(text_of(undelivered), "job 2");
    EXPECT_EQ(undelivered.fds.size(), 1U);
    EXPECT_EQ(receive(there()).state, State::nothing);
}

TEST_F(MessageSocket, AfterStopReceivingQueuedMessagesAreReadAndThenTheEnd) {
    const auto fd = make_eventfd();
    const int lent[] = {fd->get()};
    ASSERT_EQ(send(here(), "one", lent), SendResult::sent);
    ASSERT_EQ(send(here(), "two"), SendResult::sent);
    stop_receiving(there());
    EXPECT_EQ(send(here(), "late"), SendResult::peer_gone);
    auto message = receive(there(), 4, Waiting::yes);
    EXPECT_EQ(text_of(message), "one");
    EXPECT_EQ(message.fds.size(), 1U);
    EXPECT_EQ(text_of(receive(there(), 4, Waiting::yes)), "two");
    EXPECT_EQ(receive(there(), 4, Waiting::yes).state, State::end);
    EXPECT_EQ(receive(there()).state, State::end);
    // The other direction stays open.
    ASSERT_EQ(send(there(), "kept"), SendResult::sent);
    EXPECT_EQ(text_of(receive(here())), "kept");
}

TEST_F(MessageSocket, StopReceivingHoldsForEveryHolderOfThatEnd) {
    // Called in a worker that then dies; the master holds both ends.
    EXPECT_EQ(in_child([&] {
                  stop_receiving(there());
                  return 0;
              }),
              0);
    EXPECT_EQ(send(here(), "late"), SendResult::peer_gone);
    EXPECT_EQ(receive(there()).state, State::end);
}

TEST_F(MessageSocket, AClosedPeerIsTheEndAndTakesNothing) {
    ASSERT_EQ(send(there(), "last words"), SendResult::sent);
    pair_.there.reset();
    EXPECT_EQ(send(here(), "x"), SendResult::peer_gone);
    EXPECT_EQ(text_of(receive(here())), "last words");
    EXPECT_EQ(receive(here()).state, State::end);
}

TEST_F(MessageSocket, AFullQueueIsNotAGonePeer) {
    SendResult result = SendResult::sent;
    std::size_t sent = 0;
    for (; (result = send(here(), "x")) == SendResult::sent && sent < 1'000'000; ++sent) {
    }
    EXPECT_EQ(result, SendResult::would_block);
    EXPECT_GT(sent, 0U);
    EXPECT_EQ(receive(there()).state, State::message);
}

TEST_F(MessageSocket, MoreDescriptorsThanAllowedAreAFaultOfOurs) {
    const std::vector<int> many(max_message_fds + 1, 0);
    EXPECT_DEATH((void)send(here(), "x", many), "more descriptors");
}

}  // namespace
}  // namespace phalanx::os

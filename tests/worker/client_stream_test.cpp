#include "client_stream.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "phalanx/os/message_socket.hpp"

namespace phalanx::worker {
namespace {

class ClientStreamTest : public testing::Test {
  protected:
    struct Ends {
        os::UniqueFd client, worker;
    };
    static Ends connection() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        return {os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
    }
    static link::WorkerSettings settings() {
        link::WorkerSettings settings;
        settings.body_timeout = std::chrono::seconds(1);
        return settings;
    }
    bool master_was_told() {
        std::array<std::byte, link::max_message_bytes> room;
        return os::receive_message(channel_.here.get(), room, 0, os::Waiting::no).state ==
               os::ReceivedMessage::State::message;
    }
    std::ptrdiff_t read() { return stream_.read(room_); }

    fastcgi::Params params_;
    os::MessagePair channel_ = *os::make_message_pair();
    SlowClientReport report_{channel_.there, params_};
    ClientStream stream_{settings(), -1, report_};
    std::array<std::byte, 8> room_{};
};

TEST_F(ClientStreamTest, TellsOfAClientThatDoesNotSendItsRequest) {
    const Ends ends = connection();
    stream_.attach(ends.worker.get());
    stream_.begin_request(true);
    EXPECT_EQ(read(), -1);
    EXPECT_TRUE(master_was_told());
    EXPECT_EQ(read(), -1);
    EXPECT_FALSE(master_was_told()) << "once is enough";
}

TEST_F(ClientStreamTest, SaysNothingOfWhatComesAfterAnAnswer) {
    const Ends ends = connection();
    stream_.attach(ends.worker.get());
    stream_.begin_request(true);
    stream_.end_answer();
    EXPECT_EQ(read(), -1);
    EXPECT_FALSE(master_was_told());
}

/// The end that reads after an answer have must not be the next client's, whose head nobody may have read
/// yet.
TEST_F(ClientStreamTest, ForgetsAFormerConnectionsAnswer) {
    const Ends former = connection();
    stream_.attach(former.worker.get());
    stream_.begin_request(true);
    stream_.end_answer();
    const Ends ends = connection();
    stream_.attach(ends.worker.get());
    ASSERT_EQ(::send(ends.client.get(), "head", 4, 0), 4);
    EXPECT_EQ(read(), 4);
    EXPECT_EQ(read(), -1);
    EXPECT_TRUE(master_was_told()) << "it waited for a request";
}

}  // namespace
}  // namespace phalanx::worker

#include "slow_client_report.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>

#include "phalanx/os/message_socket.hpp"

namespace phalanx::worker {
namespace {

using link::SlowClient;
using os::Waiting;

/// What the master is told.
class SlowClientReportTest : public testing::Test {
  protected:
    void SetUp() override {
        params_.set("REQUEST_METHOD", "POST");
        params_.set("REQUEST_URI", "/a.php?b=c");
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        client_ = os::UniqueFd(ends[0]);
        other_end_ = os::UniqueFd(ends[1]);
        auto pair = os::make_message_pair();
        ASSERT_TRUE(pair);
        channel_ = *std::move(pair);
    }
    std::optional<link::SlowClientNote> told() const {
        struct {
            link::MessageHead head;
            link::SlowClientNote note;
        } room;
        const auto message = os::receive_message(channel_.here.get(),
                                                 std::as_writable_bytes(std::span(&room, 1)), 0, Waiting::no);
        if (message.state != os::ReceivedMessage::State::message) return std::nullopt;
        EXPECT_EQ(message.size, sizeof room);
        EXPECT_EQ(room.head.kind, link::MessageKind::slow_client);
        EXPECT_EQ(room.head.size, sizeof room.note);
        return room.note;
    }
    template <std::size_t size>
    static std::string text_of(const std::array<char, size>& text) {
        return {text.data(), ::strnlen(text.data(), size)};
    }

    fastcgi::Params params_;
    os::UniqueFd client_, other_end_;
    os::MessagePair channel_;
    SlowClientReport report_{channel_.there, params_};
};

TEST_F(SlowClientReportTest, SaysWhoAndWhat) {
    report_.tell(SlowClient::taking, client_.get());
    const auto note = told();
    ASSERT_TRUE(note);
    EXPECT_EQ(note->how, SlowClient::taking);
    EXPECT_EQ(text_of(note->client),
              "pid " + std::to_string(::getpid()) + " (uid " + std::to_string(::getuid()) + ")");
    EXPECT_EQ(text_of(note->method), "POST");
    EXPECT_EQ(text_of(note->target), "/a.php?b=c");
    EXPECT_FALSE(told());
}

TEST_F(SlowClientReportTest, CutsWhatIsLongerThanItsPlace) {
    for (const std::size_t length :
         {std::size_t{203}, std::size_t{204}, std::size_t{205}, std::size_t{5000}}) {
        params_.set("REQUEST_URI", std::string(length, 'x'));
        report_.tell(SlowClient::sending, client_.get());
        const auto note = told();
        ASSERT_TRUE(note);
        EXPECT_EQ(note->how, SlowClient::sending);
        EXPECT_EQ(text_of(note->target),
                  length <= 204 ? std::string(length, 'x') : std::string(201, 'x') + "...");
    }
}

TEST_F(SlowClientReportTest, AQuestionAboutTheServerHasNoRequest) {
    params_.clear();
    report_.tell(SlowClient::taking, client_.get());
    const auto note = told();
    ASSERT_TRUE(note);
    EXPECT_EQ(text_of(note->method) + text_of(note->target), "--");
}

TEST_F(SlowClientReportTest, WaitsForNothing) {
    for (int i = 0; i < 100'000; ++i) report_.tell(SlowClient::taking, client_.get());
    int notes = 0;
    while (told()) ++notes;
    EXPECT_GT(notes, 0);
    EXPECT_LT(notes, 100'000) << "the channel was never full";
    channel_.here.reset();
    report_.tell(SlowClient::taking, client_.get());
    channel_.there.reset();
    report_.tell(SlowClient::taking, client_.get());
}

}  // namespace
}  // namespace phalanx::worker

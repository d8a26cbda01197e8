#include "slow_client_log.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "phalanx/os/unique_fd.hpp"

namespace phalanx::worker {
namespace {

using namespace std::chrono_literals;

/// What the log says, caught as the master would.
class SlowClientLogTest : public testing::Test {
  protected:
    void SetUp() override {
        settings_.capture_output = 1;
        settings_.body_timeout = 5s;
        settings_.write_timeout = 7s;
        params_.set("REQUEST_METHOD", "POST");
        params_.set("REQUEST_URI", "/a.php?b=c");
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        client_ = os::UniqueFd(ends[0]);
        other_end_ = os::UniqueFd(ends[1]);
    }
    template <typename Deed>
    std::string said(Deed&& deed) {
        testing::internal::CaptureStderr();
        deed();
        return testing::internal::GetCapturedStderr();
    }
    void tell(SlowClient how, std::chrono::seconds at) { log_->tell(how, client_.get(), start_ + at); }
    std::string client() const {
        return "NOTICE: client pid " + std::to_string(::getpid()) + " (uid " + std::to_string(::getuid()) +
               ")";
    }

    link::WorkerSettings settings_;
    fastcgi::Params params_;
    os::UniqueFd client_, other_end_;
    SlowClientLog::Clock::time_point start_ = SlowClientLog::Clock::now();
    std::optional<SlowClientLog> log_{std::in_place, settings_, params_};
};

TEST_F(SlowClientLogTest, SaysWhoWhatAndWhichLimit) {
    EXPECT_EQ(
        said([&] { tell(SlowClient::sending, 0s); }),
        client() + " has sent nothing of the body of \"POST /a.php?b=c\" for 5 s (request_body_timeout)\n");
    EXPECT_EQ(
        said([&] { tell(SlowClient::taking, 0s); }),
        client() +
            " has taken nothing of the answer to \"POST /a.php?b=c\" for 7 s (response_write_timeout)\n");
}

TEST_F(SlowClientLogTest, WhatTheClientSaysCannotLeaveItsPlaceInTheLine) {
    params_.set("REQUEST_METHOD", "A\"\nB");
    params_.set("REQUEST_URI", "/" + std::string(5000, 'x'));
    EXPECT_EQ(said([&] { tell(SlowClient::sending, 0s); }),
              client() + " has sent nothing of the body of \"A\\x22\\x0AB /" + std::string(199, 'x') +
                  "...\" for 5 s (request_body_timeout)\n");
    params_.clear();
    EXPECT_EQ(said([&] { tell(SlowClient::taking, 0s); }),
              client() + " has taken nothing of the answer to \"- -\" for 7 s (response_write_timeout)\n")
        << "a question about the server has no request";
}

TEST_F(SlowClientLogTest, CannotBeFlooded) {
    const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
    const std::string sum =
        "NOTICE: 3 more client(s) have stood still for too long (request_body_timeout = 5 s, "
        "response_write_timeout = 7 s)\n";
    EXPECT_EQ(lines(said([&] {
                  for (unsigned i = 0; i < SlowClientLog::most_single_lines + 3; ++i)
                      tell(SlowClient::sending, std::chrono::seconds(4 * i));
                  log_->settle();
              })),
              SlowClientLog::most_single_lines);
    const std::string later = said([&] { tell(SlowClient::sending, 60s); });
    EXPECT_TRUE(later.starts_with(sum + client())) << later;
    EXPECT_EQ(lines(later), 2);
}

TEST_F(SlowClientLogTest, SaysTheSumAtItsEndToo) {
    (void)said([&] {
        for (unsigned i = 0; i <= SlowClientLog::most_single_lines; ++i) tell(SlowClient::taking, 0s);
    });
    EXPECT_TRUE(said([&] { log_.reset(); }).starts_with("NOTICE: 1 more client(s)"));
}

TEST_F(SlowClientLogTest, SaysTheSumWithoutAnotherSlowClient) {
    start_ -= 70s;
    (void)said([&] {
        for (unsigned i = 0; i <= SlowClientLog::most_single_lines; ++i) tell(SlowClient::taking, 0s);
    });
    EXPECT_TRUE(said([&] { log_->settle(); }).starts_with("NOTICE: 1 more client(s)"));
    EXPECT_EQ(said([&] { log_->settle(); }), "") << "once";
}

}  // namespace
}  // namespace phalanx::worker

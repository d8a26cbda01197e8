#include "request.hpp"

#include <gtest/gtest.h>

#include "pool_status.hpp"

namespace phalanx::worker {
namespace {

/// Requests of one connection, up to where PHP would begin.
class RequestTest : public testing::Test, private ConnectionTaker {
  protected:
    void SetUp() override {
        inherited_.settings.slots = 1;
        auto pages = link::PoolPages::create({1, sizeof(status::SlotPage), sizeof(status::PoolPage)});
        ASSERT_TRUE(pages);
        inherited_.pages = *std::move(pages);
        request_.emplace(inherited_, slot_, RequestParts{*this, stream_, reader_, writer_, params_});
    }
    /// The waiting time as the script will see it.
    std::string begin(std::string_view sent = {}) {
        params_.clear();
        if (!sent.empty()) params_.set(php::queue_param, sent);
        params_.set("SCRIPT_NAME", "/a.php");
        request_->begin({});
        return std::string(params_.find(php::queue_param).value_or("absent"));
    }
    std::uint64_t shown() { return slot_page(inherited_, slot_).waited_usec; }

    base::WorkerSlot slot_{0};
    Inheritance inherited_;
    fastcgi::Params params_;
    os::UniqueFd no_channel_;
    SlowClientReport slow_clients_{no_channel_, params_};
    ClientStream stream_{inherited_.settings, -1, slow_clients_};
    fastcgi::RequestReader reader_{stream_};
    fastcgi::ResponseWriter writer_{stream_};
    std::optional<Request> request_;

  private:
    void take_early(std::span<const std::byte>) noexcept override {}
};

TEST_F(RequestTest, TheFirstOneOfAJobHasWaited) {
    request_->connection_begins(4'294'967'295);
    EXPECT_EQ(begin(), "4294967295");
    EXPECT_EQ(shown(), 4'294'967'295U);
    EXPECT_EQ(begin(), "0") << "the next one over the same connection";
    EXPECT_EQ(shown(), 0U);
    request_->connection_begins(0);
    EXPECT_EQ(begin(), "0");
}

TEST_F(RequestTest, WhatTheWebServerSaysOfTheWaitDoesNotCount) {
    request_->connection_begins(17);
    EXPECT_EQ(begin("1000000"), "17");
    EXPECT_EQ(begin("1000000"), "0");
}

}  // namespace
}  // namespace phalanx::worker

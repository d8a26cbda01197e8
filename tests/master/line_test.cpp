#include "line.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>

namespace phalanx::master {
namespace {

class ALine : public ::testing::Test {
  protected:
    /// A client, and its request in the line.
    os::UniqueFd join(std::uint16_t number) {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        Job job;
        job.fd = os::UniqueFd(ends[0]);
        job.request_id = number;
        line_.join(std::move(job));
        return os::UniqueFd(ends[1]);
    }
    static std::vector<int> numbers(const std::vector<Job>& jobs) {
        std::vector<int> found;
        for (const Job& job : jobs) found.push_back(job.request_id);
        return found;
    }
    std::vector<Job> take_gone(std::size_t most) {
        return line_.take_gone(most, [](const Job& job) { return job.fd.get(); });
    }

    std::atomic<std::uint32_t> word_ = 0;
    std::unique_ptr<status::LinePage> page_ = std::make_unique<status::LinePage>();
    Line line_{word_, *page_};
};

using Numbers = std::vector<int>;

TEST_F(ALine, KnowsHowManyBytesAreInIt) {
    std::vector<os::UniqueFd> clients;
    for (std::uint16_t i = 1; i <= 6; ++i) {
        Job job;
        job.bytes.assign(i, 'x');
        job.asks_for_page = i == 2;
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        job.fd = os::UniqueFd(ends[0]);
        clients.emplace_back(ends[1]);
        i == 6 ? line_.join_by_age(std::move(job)) : line_.join(std::move(job));
    }
    EXPECT_EQ(line_.bytes(), 21U);
    std::vector<Job> taken = line_.take_pages();
    EXPECT_EQ(line_.bytes(), 19U);
    line_.return_to_front(std::move(taken));
    EXPECT_EQ(line_.bytes(), 21U);
    (void)line_.take_first();
    EXPECT_EQ(line_.bytes(), 19U);
    clients[2].reset();
    EXPECT_EQ(take_gone(10).size(), 1U);
    EXPECT_EQ(line_.bytes(), 16U);
    EXPECT_EQ(line_.take_that_joined_before(base::Monotonic::now()).size(), 4U);
    EXPECT_EQ(line_.bytes(), 0U);
    (void)join(1);
    (void)line_.take_all();
    EXPECT_EQ(line_.bytes(), 0U);
}

TEST_F(ALine, IsServedInOrderAndTellsHowItStands) {
    const auto first = join(1);
    const auto second = join(2);
    EXPECT_EQ(word_, 2u);
    EXPECT_EQ(page_->length, 2u);
    EXPECT_NE(page_->oldest_since_usec, 0u);
    std::vector<Job> back;
    back.push_back(line_.take_first());
    EXPECT_EQ(back[0].request_id, 1);
    EXPECT_EQ(line_.front().request_id, 2);
    const auto joined_at = back[0].since;
    line_.return_to_front(std::move(back));
    EXPECT_EQ(line_.front().request_id, 1);
    EXPECT_EQ(line_.front().since, joined_at) << "it has waited since then";
    EXPECT_EQ(numbers(line_.take_all()), (Numbers{1, 2}));
    EXPECT_TRUE(line_.empty());
    EXPECT_EQ(word_, 0u);
    EXPECT_EQ(page_->length, 0u);
    EXPECT_EQ(page_->longest, 2u);
    EXPECT_EQ(page_->joined, 2u);
    EXPECT_EQ(page_->oldest_since_usec, 0u);
}

TEST_F(ALine, TakesThoseOfAnotherLineByTheirAge) {
    const auto now = base::Monotonic::now();
    const auto job = [now](std::uint16_t number, int waited_ms) {
        Job made;
        made.request_id = number;
        made.since = now - std::chrono::milliseconds(waited_ms);
        return made;
    };
    line_.join(job(4, 400));
    line_.join(job(6, 100));
    line_.join_by_age(job(1, 900));
    line_.join_by_age(job(2, 800));
    line_.join_by_age(job(3, 800));
    line_.join_by_age(job(5, 200));
    line_.join_by_age(job(7, 0));
    EXPECT_EQ(word_, 7u);
    EXPECT_EQ(numbers(line_.take_all()), (Numbers{1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(ALine, LosesThoseWhoseClientIsGone) {
    std::vector<os::UniqueFd> clients;
    for (std::uint16_t i = 0; i < 600; ++i) clients.push_back(join(i));
    for (std::size_t i = 0; i < 600; i += 3) clients[i].reset();
    ASSERT_EQ(::shutdown(clients[1].get(), SHUT_WR), 0);
    std::vector<int> gone = numbers(take_gone(1000));
    ASSERT_EQ(gone.size(), 200u);
    for (std::size_t i = 0; i < gone.size(); ++i) ASSERT_EQ(gone[i], static_cast<int>(3 * i));
    const auto left = numbers(line_.take_all());
    ASSERT_EQ(left.size(), 400u);
    EXPECT_EQ((Numbers{left.begin(), left.begin() + 4}), (Numbers{1, 2, 4, 5}))
        << "one that still reads stays";
}

TEST_F(ALine, IsLookedAtPieceByPiece) {
    std::vector<os::UniqueFd> clients;
    for (std::uint16_t i = 0; i < 10; ++i) clients.push_back(join(i));
    clients[9].reset();
    EXPECT_EQ(numbers(take_gone(4)), Numbers{});
    EXPECT_EQ(numbers(take_gone(4)), Numbers{});
    EXPECT_EQ(numbers(take_gone(4)), Numbers{9});
    clients[0].reset();
    EXPECT_EQ(numbers(take_gone(4)), Numbers{0}) << "from the front again";
}

TEST_F(ALine, LosesThoseThatAskForPages) {
    const auto first = join(1);
    Job page;
    page.request_id = 7;
    page.asks_for_page = true;
    line_.join(std::move(page));
    const auto second = join(2);
    EXPECT_EQ(numbers(line_.take_pages()), Numbers{7});
    EXPECT_EQ(numbers(line_.take_pages()), Numbers{});
    EXPECT_EQ(numbers(line_.take_all()), (Numbers{1, 2}));
}

TEST_F(ALine, LosesThoseThatJoinedBefore) {
    const auto first = join(1);
    const auto second = join(2);
    EXPECT_EQ(numbers(line_.take_that_joined_before(base::Monotonic::now() - std::chrono::seconds(1))),
              Numbers{});
    EXPECT_EQ(numbers(line_.take_that_joined_before(line_.front().since)).front(), 1);
    EXPECT_EQ(numbers(line_.take_that_joined_before(base::Monotonic::now())), Numbers{2});
}

}  // namespace
}  // namespace phalanx::master

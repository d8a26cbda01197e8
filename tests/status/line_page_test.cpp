#include "phalanx/status/line_page.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "phalanx/status/status_page.hpp"

namespace phalanx::status {
namespace {

TEST(WaitBuckets, CoverEveryTimeOnceAndInOrder) {
    std::size_t last = 0;
    for (std::uint64_t usec = 0; usec < 100'000; ++usec) {
        const std::size_t bucket = wait_bucket_of(usec);
        ASSERT_TRUE(bucket == last || bucket == last + 1) << usec;
        ASSERT_LE(usec, wait_bucket_end(bucket)) << usec;
        ASSERT_TRUE(bucket == 0 || usec > wait_bucket_end(bucket - 1)) << usec;
        last = bucket;
    }
    EXPECT_EQ(wait_bucket_of(~std::uint64_t{0}), wait_buckets - 1);
}

class LineNumbers : public ::testing::Test {
  protected:
    std::unique_ptr<LinePage> page_ = std::make_unique<LinePage>();
};

TEST_F(LineNumbers, PercentilesAreTheBucketsEnds) {
    for (int i = 0; i < 98; ++i) count_wait(*page_, 1);
    count_wait(*page_, 5);
    count_wait(*page_, 900'000);
    const LineSnapshot line = take_line_snapshot(*page_, 0);
    EXPECT_EQ(line.wait_p50_usec, 1u);
    EXPECT_EQ(line.wait_p95_usec, 1u);
    EXPECT_EQ(line.wait_p99_usec, 5u);
    EXPECT_EQ(take_line_snapshot(LinePage{}, 0).wait_p99_usec, 0u);
}

TEST_F(LineNumbers, PercentilesForgetAfterTwoWindows) {
    count_wait(*page_, 1000);
    begin_wait_window(*page_);
    EXPECT_GE(take_line_snapshot(*page_, 0).wait_p50_usec, 1000u);
    count_wait(*page_, 3);
    count_wait(*page_, 3);
    EXPECT_EQ(take_line_snapshot(*page_, 0).wait_p50_usec, 3u);
    begin_wait_window(*page_);
    begin_wait_window(*page_);
    EXPECT_EQ(take_line_snapshot(*page_, 0).wait_p50_usec, 0u);
}

TEST_F(LineNumbers, OldestIsAnAge) {
    page_->oldest_since_usec = 1'000;
    EXPECT_EQ(take_line_snapshot(*page_, 3'500).oldest_usec, 2'500u);
    EXPECT_EQ(take_line_snapshot(*page_, 500).oldest_usec, 0u) << "a clock that was read before";
    page_->oldest_since_usec = 0;
    EXPECT_EQ(take_line_snapshot(*page_, 3'500).oldest_usec, 0u);
}

TEST(LineInThePage, IsThereForThoseWhoAsk) {
    PoolSnapshot pool;
    pool.line.length = 3;
    pool.line.shed = 4;
    for (const char* query : {"", "full", "json", "q", "queu"}) {
        const View view = view_from_query(query);
        EXPECT_EQ(render(pool, view.format, view.detail, view.extent).body.find("queue length"),
                  std::string::npos);
    }
    const auto body = [&](const char* query) {
        const View view = view_from_query(query);
        return render(pool, view.format, view.detail, view.extent).body;
    };
    EXPECT_NE(body("queue").find("\nqueue length:         3\n"), std::string::npos) << body("queue");
    EXPECT_NE(body("json&queue").find(",\"shed requests\":4,"), std::string::npos);
    EXPECT_NE(body("queue=1&xml").find("<shed-requests>4</shed-requests>"), std::string::npos);
    EXPECT_NE(body("html&queue").find("<tr><th>shed requests</th><td>4</td></tr>"), std::string::npos);
    EXPECT_NE(body("openmetrics&queue").find("\nphpfpm_shed_requests 4\n"), std::string::npos);
    EXPECT_TRUE(body("openmetrics&queue").ends_with("# EOF\n"));
}

}  // namespace
}  // namespace phalanx::status

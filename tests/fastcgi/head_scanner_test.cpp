#include "phalanx/fastcgi/head_scanner.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "wire.hpp"

namespace phalanx::fastcgi {
namespace {

using namespace wire;
using Verdict = HeadScanner::Verdict;

Verdict verdict_of(std::string_view bytes) {
    return HeadScanner().feed(as_bytes(bytes));
}

TEST(HeadScanner, IsOfFixedSize) {
    EXPECT_TRUE(std::is_trivially_copyable_v<HeadScanner>);
    EXPECT_LE(sizeof(HeadScanner), 128U);
}

TEST(HeadScanner, SeesAHeadToItsLastByte) {
    const std::string head = begin(1, 0x1234) + params(pair("A", "b"), 0x1234, 6) + params({}, 0x1234, 2);
    const std::string bytes = head + input("hello", 0x1234);
    EXPECT_EQ(verdict_of(head.substr(0, head.size() - 1)), Verdict::incomplete);
    HeadScanner scanner;
    EXPECT_FALSE(scanner.begun());
    EXPECT_EQ(scanner.feed({}), Verdict::incomplete);
    EXPECT_FALSE(scanner.begun());
    EXPECT_EQ(scanner.feed(as_bytes(bytes)), Verdict::complete);
    EXPECT_TRUE(scanner.begun());
    EXPECT_EQ(scanner.head_bytes(), head.size());
    EXPECT_EQ(scanner.head().request_id, 0x1234);
    EXPECT_TRUE(scanner.keep_connection());
    EXPECT_EQ(scanner.feed(as_bytes("anything")), Verdict::complete) << "a verdict stands";
    EXPECT_EQ(scanner.head_bytes(), head.size());
    scanner.reset();
    EXPECT_EQ(scanner.verdict(), Verdict::incomplete);
    EXPECT_FALSE(scanner.begun());
}

TEST(HeadScanner, TellsWhetherARequestHasBegun) {
    HeadScanner scanner;
    EXPECT_TRUE(scanner.between_requests()) << "nothing was seen";
    const std::string late_end = input({}, 7, 3);
    for (std::size_t i = 0; i < late_end.size(); ++i) {
        (void)scanner.feed(as_bytes(late_end.substr(i, 1)));
        EXPECT_EQ(scanner.between_requests(), i + 1 == late_end.size()) << i;
    }
    EXPECT_TRUE(scanner.begun());
    (void)scanner.feed(as_bytes(input() + input()));
    EXPECT_TRUE(scanner.between_requests()) << "however many there are";
    const std::string head = begin() + params(pair("A", "b")) + params({});
    for (std::size_t i = 0; i < head.size(); ++i) {
        (void)scanner.feed(as_bytes(head.substr(i, 1)));
        EXPECT_FALSE(scanner.between_requests()) << i;
    }
    for (const std::string& other : {record(9, {}, 0), record(200, {}, 0), record(2), input("data")}) {
        scanner.reset();
        EXPECT_NE(scanner.feed(as_bytes(other)), Verdict::incomplete);
        EXPECT_FALSE(scanner.between_requests());
    }
}

TEST(HeadScanner, ReadsTheKeepFlagAlone) {
    HeadScanner scanner;
    EXPECT_EQ(scanner.feed(as_bytes(begin(0xfe) + params({}))), Verdict::complete);
    EXPECT_FALSE(scanner.keep_connection());
}

TEST(HeadScanner, LateEndsOfABodyAreNoHead) {
    EXPECT_EQ(verdict_of(input() + input({}, 3, 200)), Verdict::incomplete);
    EXPECT_EQ(verdict_of(input() + begin() + params({})), Verdict::complete);
}

TEST(HeadScanner, LeavesToTheWorkerWhatOnlyItAnswers) {
    const std::string query = record(9, pair("FCGI_MPXS_CONNS", ""), 0, 3);
    EXPECT_EQ(verdict_of(query.substr(0, query.size() - 1)), Verdict::incomplete);
    EXPECT_EQ(verdict_of(query), Verdict::for_worker);
    EXPECT_EQ(verdict_of(record(200, {}, 0)), Verdict::for_worker);
    EXPECT_EQ(verdict_of(begin(1, 1, 4)), Verdict::for_worker);
    EXPECT_EQ(verdict_of(record(2)), Verdict::for_worker);
    EXPECT_EQ(verdict_of(begin() + record(2)), Verdict::for_worker);
    EXPECT_EQ(verdict_of("GET / HT"), Verdict::for_worker);
    EXPECT_EQ(verdict_of("GET / H"), Verdict::incomplete) << "no header is judged before it is whole";
    EXPECT_EQ(verdict_of(record(1, "1234567").substr(0, 8)), Verdict::for_worker) << "no need of the body";
}

TEST(HeadScanner, RefusesWhatIsTooLarge) {
    std::string bytes = begin();
    while (bytes.size() <= kMaxHeadBytes) bytes += params(std::string(65535, '\0'));
    HeadScanner scanner;
    EXPECT_EQ(scanner.feed(as_bytes(bytes)), Verdict::too_large);
    EXPECT_LE(scanner.head_bytes(), kMaxHeadBytes);
    bytes.clear();
    while (bytes.size() <= kMaxHeadBytes) bytes += input();
    EXPECT_EQ(verdict_of(bytes), Verdict::too_large);
}

}  // namespace
}  // namespace phalanx::fastcgi

// However a stream of bytes is cut, the result is the same, and the master's scanner and the worker's reader
// agree on where a head ends.

#include <gtest/gtest.h>

#include <random>

#include "corpus.hpp"
#include "phalanx/fastcgi/head_scanner.hpp"
#include "phalanx/fastcgi/limits.hpp"
#include "transcript.hpp"

namespace phalanx::fastcgi {
namespace {

using namespace wire;
using Kind = HeadOutcome::Kind;
using Verdict = HeadScanner::Verdict;

HeadScanner scan(std::string_view bytes, std::size_t step = ~std::size_t{0}) {
    HeadScanner scanner;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
        scanner.feed(as_bytes(bytes.substr(0, step)));
    }
    return scanner;
}

/// The verdict that fits what read_head made of the same bytes followed by the stream's end.
void expect_agreement(std::string_view bytes) {
    MemorySource source(std::string(bytes), {1000});
    RequestReader reader(source);
    Params params;
    const HeadOutcome outcome = reader.read_head(params);
    const HeadScanner scanner = scan(bytes);
    const bool waits = outcome.kind == Kind::end_of_stream || outcome.kind == Kind::truncated;
    EXPECT_EQ(scanner.verdict() == Verdict::incomplete, waits);
    EXPECT_EQ(scanner.begun(), !bytes.empty());
    if (outcome.kind == Kind::request) {
        EXPECT_EQ(scanner.verdict(), Verdict::complete);
        EXPECT_EQ(scanner.keep_connection(), outcome.head.keep_connection);
        EXPECT_EQ(scanner.head().request_id, outcome.head.request_id);
    }
    if (outcome.kind == Kind::answer || outcome.kind == Kind::unknown_role) {
        EXPECT_EQ(scanner.verdict(), Verdict::for_worker);
    }
    if (!waits) {
        const std::size_t unread = source.left() + reader.leftover().size();
        EXPECT_EQ(bytes.size() - unread, scanner.head_bytes());
    }
}

TEST(Splits, ServingDoesNotDependOnThem) {
    for (const Stream& stream : all_streams()) {
        SCOPED_TRACE(stream.name);
        const std::string expected = serve(stream.bytes);
        EXPECT_EQ(serve(stream.bytes, {1}), expected);
        EXPECT_EQ(serve(stream.bytes, {1}, 1), expected);
        for (std::size_t cut = 1; cut < stream.bytes.size(); ++cut) {
            ASSERT_EQ(serve(stream.bytes, {cut, ~std::size_t{0}}), expected) << "cut at " << cut;
        }
    }
}

TEST(Splits, GoodStreamsAreServedToTheirEnd) {
    for (const Stream& stream : good_streams()) {
        EXPECT_TRUE(serve(stream.bytes).ends_with("end\n")) << stream.name;
    }
}

TEST(Splits, BadStreamsAreClosedAndNothingIsSmuggled) {
    for (const Stream& stream : bad_streams()) {
        const std::string result = serve(stream.bytes);
        EXPECT_TRUE(result.ends_with("closed\n") || result.starts_with("unknown role"))
            << stream.name << result;
        EXPECT_EQ(result.find("smuggled"), std::string::npos) << stream.name;
    }
}

TEST(Splits, TruncationAnywhereEndsWithoutInvention) {
    for (const Stream& stream : good_streams()) {
        SCOPED_TRACE(stream.name);
        const std::string whole = serve(stream.bytes);
        for (std::size_t size = 0; size < stream.bytes.size(); ++size) {
            std::string part = serve(std::string_view(stream.bytes).substr(0, size));
            // Its last line tells of the cut, and a body cut short has another state; the rest is the same.
            part.erase(part.rfind('\n', part.size() - 2) + 1);
            const std::size_t state = part.rfind(" body state 5\n");
            if (state != std::string::npos) part.erase(state);
            ASSERT_TRUE(whole.starts_with(part)) << "cut at " << size << ":\n" << part << "\nof\n" << whole;
        }
    }
}

TEST(Splits, ScanningDoesNotDependOnThem) {
    for (const Stream& stream : all_streams()) {
        SCOPED_TRACE(stream.name);
        const HeadScanner expected = scan(stream.bytes);
        for (std::size_t cut = 0; cut <= stream.bytes.size(); ++cut) {
            HeadScanner scanner;
            scanner.feed(as_bytes(std::string_view(stream.bytes).substr(0, cut)));
            scanner.feed(as_bytes(std::string_view(stream.bytes).substr(cut)));
            ASSERT_EQ(scanner.verdict(), expected.verdict()) << cut;
            ASSERT_EQ(scanner.head_bytes(), expected.head_bytes()) << cut;
        }
        EXPECT_EQ(scan(stream.bytes, 1).verdict(), expected.verdict());
        EXPECT_EQ(scan(stream.bytes, 1).head_bytes(), expected.head_bytes());
    }
}

TEST(Splits, ScannerAndReaderAgreeOnEveryPrefix) {
    for (const Stream& stream : all_streams()) {
        SCOPED_TRACE(stream.name);
        for (std::size_t size = 0; size <= stream.bytes.size(); ++size) {
            expect_agreement(std::string_view(stream.bytes).substr(0, size));
        }
    }
}

TEST(Splits, ScannerAndReaderAgreeAtTheLimits) {
    for (const std::size_t cut : {65535U, 128U, 32U}) {
        for (const std::size_t surplus : {0U, 1U}) {
            const std::string bytes =
                begin() + params_cut(std::string(kMaxParamsBytes + surplus, '\0'), cut) + params({});
            SCOPED_TRACE(std::to_string(cut) + " + " + std::to_string(surplus));
            expect_agreement(bytes);
            const bool fits = surplus == 0 && cut >= 128;
            EXPECT_EQ(scan(bytes).verdict(), fits ? Verdict::complete : Verdict::too_large);
            EXPECT_LE(scan(bytes).head_bytes(), kMaxHeadBytes + 8);
        }
    }
}

TEST(Splits, NeitherDependsOnThemForRandomFaults) {
    std::mt19937 random(20261122);
    const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    const std::vector<Stream> streams = all_streams();
    for (int round = 0; round < 4000; ++round) {
        std::string bytes = streams[below(streams.size())].bytes + streams[below(streams.size())].bytes;
        for (std::size_t faults = below(4); faults > 0 && !bytes.empty(); --faults) {
            const std::size_t at = below(std::min<std::size_t>(bytes.size(), 64));
            bytes[at] = low(below(2) == 0 ? below(12) : random());
        }
        std::vector<std::size_t> sizes;
        for (int i = 0; i < 20; ++i) sizes.push_back(1 + below(1 + below(40)));
        SCOPED_TRACE("round " + std::to_string(round));
        ASSERT_EQ(serve(bytes, sizes, 1 + below(20)), serve(bytes));
        ASSERT_EQ(scan(bytes, 1 + below(20)).verdict(), scan(bytes).verdict());
        expect_agreement(bytes);
        expect_agreement(std::string_view(bytes).substr(0, below(bytes.size() + 1)));
        ASSERT_FALSE(HasFailure());
    }
}

}  // namespace
}  // namespace phalanx::fastcgi

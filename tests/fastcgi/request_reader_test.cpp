#include "phalanx/fastcgi/request_reader.hpp"

#include <gtest/gtest.h>

#include "phalanx/fastcgi/content_length.hpp"
#include "phalanx/fastcgi/limits.hpp"
#include "transcript.hpp"
#include "wire.hpp"

namespace phalanx::fastcgi {
namespace {

using namespace wire;
using Kind = HeadOutcome::Kind;

class RequestReaderTest : public testing::Test {
  protected:
    HeadOutcome head_of(std::string_view bytes) {
        MemorySource source{std::string(bytes)};
        RequestReader reader(source);
        return reader.read_head(params_);
    }
    Params params_;
};

TEST_F(RequestReaderTest, GivesHeadParamsAndBody) {
    const std::string bytes = begin(1, 0x1234, 3) +
                              params(pair("A", "b") + pair("CONTENT_LENGTH", "5"), 0x1234) +
                              params({}, 0x1234) + input("hello", 0x1234);
    MemorySource source(bytes);
    RequestReader reader(source);
    const HeadOutcome outcome = reader.read_head(params_);
    ASSERT_EQ(outcome.kind, Kind::request);
    EXPECT_EQ(outcome.head.request_id, 0x1234);
    EXPECT_EQ(outcome.head.role, Role::filter);
    EXPECT_TRUE(outcome.head.keep_connection);
    EXPECT_EQ(params_.find("A"), "b");
    ASSERT_EQ(content_length(params_), 5U);
    reader.expect_body(5);
    EXPECT_FALSE(reader.body_complete());
    std::string body(9, '-');
    EXPECT_EQ(reader.read_body(body), 5U);
    EXPECT_EQ(body, "hello----");
    EXPECT_TRUE(reader.body_complete());
    EXPECT_EQ(reader.read_body(body), 0U);
    EXPECT_EQ(reader.finish_request(), Finish::keep);
    EXPECT_EQ(reader.read_head(params_).kind, Kind::end_of_stream);
}

TEST_F(RequestReaderTest, KnowsWhetherTheClientHasSentTheEndOfItsBody) {
    const auto ended_after = [this](const std::string& tail) {
        MemorySource source(begin() + params(pair("CONTENT_LENGTH", "2")) + params({}) + input("ab") + tail);
        RequestReader reader(source);
        EXPECT_EQ(reader.read_head(params_).kind, Kind::request);
        reader.expect_body(2);
        EXPECT_EQ(reader.finish_request(), Finish::keep);
        return reader.input_ended();
    };
    EXPECT_FALSE(ended_after(""));
    EXPECT_TRUE(ended_after(input()));
    EXPECT_FALSE(ended_after(begin()));
}

TEST_F(RequestReaderTest, TellsEndingsApart) {
    EXPECT_EQ(head_of("").kind, Kind::end_of_stream);
    EXPECT_EQ(head_of(input()).kind, Kind::end_of_stream);
    EXPECT_EQ(head_of(begin().substr(0, 1)).kind, Kind::truncated);
    EXPECT_EQ(head_of(begin()).kind, Kind::truncated);
    MemorySource source(begin());
    source.set_end(-1);
    RequestReader reader(source);
    EXPECT_EQ(reader.read_head(params_).kind, Kind::failed);
    const int reads = source.reads();
    EXPECT_EQ(reader.read_head(params_).kind, Kind::failed) << "what is over stays over";
    EXPECT_EQ(source.reads(), reads);
}

TEST_F(RequestReaderTest, AnswersManagementRecordsAsPhpFpmDoes) {
    // Bytes seen from php-fpm 8.2.
    const std::string known(
        "\x01\x0a\0\0\0\x12\x06\0\x0f\x01"
        "FCGI_MPXS_CONNS0\0\0\0\0\0\0",
        32);
    MemorySource source("");
    RequestReader reader(source);
    const std::string queries = record(9, pair("FCGI_MPXS_CONNS", "") + pair("FCGI_MAX_REQS", ""), 0) +
                                record(9, pair("FCGI_MPXS_CONNS", ""), 5) + record(9, pair("X", ""), 0) +
                                record(42, "abc", 0);
    reader.prime(as_bytes(queries));
    EXPECT_EQ(as_text(reader.read_head(params_).answer), known);
    EXPECT_EQ(params_.size(), 0U) << "the query is no request's parameters";
    EXPECT_EQ(as_text(reader.read_head(params_).answer), known);
    EXPECT_EQ(as_text(reader.read_head(params_).answer), std::string("\x01\x0a\0\0\0\0\0\0", 8));
    EXPECT_EQ(as_text(reader.read_head(params_).answer),
              std::string("\x01\x0b\0\0\0\x08\0\0\x2a\0\0\0\0\0\0\0", 16));
}

TEST_F(RequestReaderTest, NamesTheRequestOfAnUnknownRole) {
    const HeadOutcome outcome = head_of(begin(1, 7, 4));
    EXPECT_EQ(outcome.kind, Kind::unknown_role);
    EXPECT_EQ(outcome.head.request_id, 7);
    EXPECT_TRUE(outcome.head.keep_connection);
}

TEST_F(RequestReaderTest, SaysWhyItRefuses) {
    EXPECT_EQ(head_of(record(1, "1234567")).what, "BEGIN_REQUEST has a body of a wrong size");
    EXPECT_EQ(head_of(begin() +
                      params("\x05\x05"
                             "abc") +
                      params({}))
                  .what,
              "the parameters end within a pair");
    EXPECT_EQ(head_of(begin() + params(std::string(65530, 'x'), 1, 6)).what,
              "content and padding of a record exceed 65535 bytes");
}

TEST_F(RequestReaderTest, TakesParametersUpToTheLimitAndNoMore) {
    std::string pairs;
    while (pairs.size() + 70000 < kMaxParamsBytes) {
        pairs += pair("NAME_" + std::to_string(pairs.size()), std::string(60000, 'v'));
    }
    const std::size_t left = kMaxParamsBytes - pairs.size() - 5 - 4;
    pairs += pair("LAST", std::string(left, 'w'));
    ASSERT_EQ(pairs.size(), kMaxParamsBytes);
    for (const std::size_t size : {65535U, 8192U, 128U}) {
        EXPECT_EQ(head_of(begin() + params_cut(pairs, size) + params({})).kind, Kind::request) << size;
        EXPECT_EQ(params_.find("LAST").value_or("").size(), left);
    }
    const HeadOutcome outcome = head_of(begin() + params_cut(pairs + "x", 65535) + params({}));
    EXPECT_EQ(outcome.kind, Kind::violation);
    EXPECT_EQ(outcome.what, "the parameters are too large");
}

TEST_F(RequestReaderTest, EndlessHeadsAreRefused) {
    std::string ends;
    while (ends.size() <= kMaxHeadBytes) ends += input({}, 1, 255);
    EXPECT_EQ(head_of(ends).what, "the request's head is too large");
}

TEST_F(RequestReaderTest, UsesPrimedBytesFirst) {
    const std::string bytes = request("hello") + request("again");
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        const std::string primed = bytes.substr(0, cut);
        MemorySource source(bytes.substr(cut));
        RequestReader reader(source);
        reader.prime(as_bytes(primed));
        EXPECT_EQ(serve(reader), serve(bytes)) << cut;
    }
}

TEST_F(RequestReaderTest, HandsOnWhatItReadPastARequest) {
    const std::string next = request("next");
    const std::string bytes = request("hello") + next;
    MemorySource source(bytes);
    RequestReader reader(source);
    ASSERT_EQ(reader.read_head(params_).kind, Kind::request);
    reader.expect_body(5);
    EXPECT_EQ(reader.finish_request(), Finish::keep);
    EXPECT_EQ(as_text(reader.leftover()), next);
    EXPECT_TRUE(reader.next_head_buffered());
}

TEST_F(RequestReaderTest, KnowsThatTheNextHeadIsNotWhole) {
    const std::string bytes = request("") + begin(1) + params(pair("A", "b"));
    MemorySource source(bytes);
    RequestReader reader(source);
    ASSERT_EQ(reader.read_head(params_).kind, Kind::request);
    EXPECT_EQ(reader.finish_request(), Finish::keep);
    EXPECT_EQ(as_text(reader.leftover()), begin(1) + params(pair("A", "b")));
    EXPECT_FALSE(reader.next_head_buffered());
}

TEST_F(RequestReaderTest, IsAsNewAfterReset) {
    const std::string first = begin() + "garbage that is no record";
    MemorySource source(first);
    RequestReader reader(source);
    EXPECT_EQ(reader.read_head(params_).kind, Kind::violation);
    reader.reset();
    const std::string second = request("hello");
    source = MemorySource(second);
    EXPECT_EQ(serve(reader), serve(second));
}

TEST_F(RequestReaderTest, LimitsAndFaultsArePerRequest) {
    std::string pairs;
    for (int i = 0; i < 1500; ++i) pairs += pair("N" + std::to_string(i), "v");
    const std::string head = begin(1) + params(pairs) + params({});
    MemorySource source(head + head);
    RequestReader reader(source);
    for (int i = 0; i < 2; ++i) {
        ASSERT_EQ(reader.read_head(params_).kind, Kind::request) << i;
        EXPECT_EQ(params_.size(), 1500U);
        EXPECT_EQ(reader.finish_request(), Finish::keep);
    }
    reader.reset();
    source = MemorySource(begin() + params("\x05") + params({}));
    EXPECT_EQ(reader.read_head(params_).kind, Kind::violation);
    reader.reset();
    source = MemorySource(request("hello"));
    EXPECT_EQ(serve(reader), serve(request("hello")));
}

TEST_F(RequestReaderTest, AnEmptyStdinInPlaceOfTheEmptyParamsEndsBoth) {
    MemorySource source(begin(1) + params(pair("CONTENT_LENGTH", "5")) + input() + input("hello"));
    RequestReader reader(source);
    ASSERT_EQ(reader.read_head(params_).kind, Kind::request);
    reader.expect_body(5);
    EXPECT_EQ(reader.body_state(), BodyState::ended_early);
    char room[5];
    EXPECT_EQ(reader.read_body(room), 0U);
    EXPECT_EQ(reader.finish_request(), Finish::drop);
}

TEST_F(RequestReaderTest, NothingIsReadFromADroppedConnection) {
    MemorySource source(begin(1) + params(pair("CONTENT_LENGTH", "1")) + params({}) + input() +
                        request("next"));
    RequestReader reader(source);
    ASSERT_EQ(reader.read_head(params_).kind, Kind::request);
    reader.expect_body(1);
    EXPECT_EQ(reader.finish_request(), Finish::drop);
    EXPECT_EQ(reader.read_head(params_).kind, Kind::violation);
}

TEST_F(RequestReaderTest, CallsOutOfOrderPanic) {
    MemorySource source(request("hello"));
    const std::string bytes = request("hello");
    RequestReader reader(source);
    reader.prime(as_bytes(bytes));
    EXPECT_DEATH((void)reader.finish_request(), "not begun");
    ASSERT_EQ(reader.read_head(params_).kind, Kind::request);
    EXPECT_DEATH((void)reader.read_head(params_), "before the last request was finished");
}

}  // namespace
}  // namespace phalanx::fastcgi

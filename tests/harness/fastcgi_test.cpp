#include "harness/fastcgi.hpp"

#include <gtest/gtest.h>

#include "harness/fastcgi_client.hpp"
#include "harness/load_client.hpp"

namespace phalanx::harness {
namespace {

using namespace std::string_literals;

TEST(HarnessFastCgi, EncodesTheSpecificationsExample) {
    Request request;
    request.params = {{"A", "B"}};
    request.id = 0x0102;
    EXPECT_EQ(encode_head(request),
              "\1\1\1\2\0\10\0\0"
              "\0\1\0\0\0\0\0\0"
              "\1\4\1\2\0\4\0\0"
              "\1\1AB"
              "\1\4\1\2\0\0\0\0"s);
}

TEST(HarnessFastCgi, LongValuesHaveFourByteLengths) {
    const std::string value(300, 'x');
    EXPECT_EQ(name_value("N", value), "\1\x80\0\1\x2cN"s + value);
}

TEST(HarnessFastCgi, ABodyIsCutIntoRecordsOfTheAskedSize) {
    Request request;
    request.body = "abcde";
    std::string bytes = encode_body(request, {.body = 2, .padding = 3});
    std::vector<std::string> contents;
    while (const auto next = take_record(bytes)) contents.push_back(next->content);
    EXPECT_EQ(contents, (std::vector<std::string>{"ab", "cd", "e", ""}));
    EXPECT_TRUE(bytes.empty());
}

TEST(HarnessFastCgi, ARecordIsOnlyTakenWhenItIsWhole) {
    std::string bytes = record(RecordType::Stdout, 1, "hello", 3);
    const std::string whole = bytes;
    bytes.pop_back();
    EXPECT_FALSE(take_record(bytes));
    bytes = whole;
    EXPECT_EQ(take_record(bytes)->content, "hello");
}

TEST(HarnessFastCgi, AnswersAreSplitIntoHeadAndBody) {
    Answer answer;
    answer.output = "Status: 404 Not Found\r\nContent-type: text/html\r\n\r\nFile not found.\n";
    EXPECT_EQ(answer.status(), 404);
    EXPECT_EQ(answer.header("content-TYPE"), "text/html");
    EXPECT_EQ(answer.header("Content"), std::nullopt);
    EXPECT_EQ(answer.body(), "File not found.\n");
    answer.output = "X: y\r\n";
    EXPECT_EQ(answer.status(), 0);
}

TEST(HarnessFastCgi, TheSkimmerSeesTheSameAnswerInPiecesOfAnySize) {
    const std::string bytes =
        record(RecordType::Stdout, 1, "A: b\r\n\r\nbo", 6) + record(RecordType::Stderr, 1, "noise") +
        record(RecordType::Stdout, 1, "dy", 0) + record(RecordType::End, 1, std::string(8, '\0'));
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        AnswerSkimmer skimmer;
        bool done = false;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            ASSERT_FALSE(done) << piece;
            done = skimmer.feed(std::string_view(bytes).substr(at, piece));
        }
        EXPECT_TRUE(done);
        EXPECT_TRUE(skimmer.is_ok());
        EXPECT_EQ(skimmer.body_size(), 4u);
        EXPECT_EQ(skimmer.front_of_body(), "body");
    }
}

}  // namespace
}  // namespace phalanx::harness

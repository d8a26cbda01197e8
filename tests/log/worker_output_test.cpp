#include "phalanx/log/worker_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace phalanx::log {
namespace {

using Stream = OutputDecorator::Stream;
using Lines = std::vector<std::string>;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view marker = OutputDecorator::end_marker;

class WorkerOutput : public testing::Test {
  protected:
    explicit WorkerOutput(Decoration decoration = Decoration::decorated, std::size_t limit = 1024)
        : decorator({"www", 22343, decoration, limit, 32}) {}

    Lines feed(std::string_view bytes, Stream stream = Stream::err) {
        return taken([&](const auto& take) { decorator.feed(stream, bytes, take); });
    }
    Lines close(Stream stream = Stream::err,
                OutputDecorator::Closed closed = OutputDecorator::Closed::at_once) {
        return taken([&](const auto& take) { decorator.close(stream, closed, take); });
    }

    OutputDecorator decorator;

  private:
    template <typename Call>
    Lines taken(const Call& call) {
        Lines lines;
        call([&lines](std::string_view line) { lines.emplace_back(line); });
        return lines;
    }
};

std::string from_stderr(std::string_view text) {
    return "[pool www] child 22343 said into stderr: \"" + std::string(text) + "\"";
}
std::string from_stdout(std::string_view text) {
    return "[pool www] child 22343 said into stdout: \"" + std::string(text) + "\"";
}

TEST_F(WorkerOutput, EachLineIsDecorated) {
    EXPECT_THAT(feed("NOTICE: PHP message: E1\nnext\n"),
                ElementsAre(from_stderr("NOTICE: PHP message: E1"), from_stderr("next")));
    EXPECT_THAT(feed("out\n", Stream::out), ElementsAre(from_stdout("out")));
}

TEST_F(WorkerOutput, EmptyLinesVanish) {
    EXPECT_THAT(feed("\n\na\n\n\nb\n\n"), ElementsAre(from_stderr("a"), from_stderr("b")));
}

TEST_F(WorkerOutput, ALineMayComeInPieces) {
    EXPECT_THAT(feed("A"), IsEmpty());
    EXPECT_THAT(feed("B\nC"), ElementsAre(from_stderr("AB")));
    EXPECT_THAT(feed("D\n"), ElementsAre(from_stderr("CD")));
}

TEST_F(WorkerOutput, TheOtherStreamEndsALine) {
    EXPECT_THAT(feed("O1", Stream::out), IsEmpty());
    EXPECT_THAT(feed("E1"), ElementsAre(from_stdout("O1")));
    EXPECT_THAT(feed("O2\n", Stream::out), ElementsAre(from_stderr("E1"), from_stdout("O2")));
}

TEST_F(WorkerOutput, TheMarkerEndsTheLineAndIsNotShown) {
    EXPECT_THAT(feed("tail" + std::string(marker) + "next\n"),
                ElementsAre(from_stderr("tail"), from_stderr("next")));
    EXPECT_THAT(feed(marker), IsEmpty());
    EXPECT_THAT(feed("out", Stream::out), IsEmpty());
    EXPECT_THAT(feed(marker), ElementsAre(from_stdout("out")));
}

TEST_F(WorkerOutput, TheMarkerMayBeSplitAnywhere) {
    for (std::size_t cut = 1; cut < marker.size(); ++cut) {
        EXPECT_THAT(feed("a" + std::string(marker.substr(0, cut))), IsEmpty()) << cut;
        EXPECT_THAT(feed(marker.substr(cut)), ElementsAre(from_stderr("a"))) << cut;
    }
    for (const char c : marker) EXPECT_THAT(feed({&c, 1}), IsEmpty());
}

TEST_F(WorkerOutput, APartOfTheMarkerIsText) {
    EXPECT_THAT(feed(std::string_view("A\0fsXf\0B\n", 9)), ElementsAre(from_stderr("A\\x00fsXf\\x00B")));
    for (std::size_t cut = 1; cut < marker.size(); ++cut) {
        const std::string part(marker.substr(0, cut));
        EXPECT_THAT(feed("E" + part), IsEmpty());
        EXPECT_THAT(feed("x\n"), ElementsAre(from_stderr("E\\x00" + part.substr(1) + "x"))) << cut;
    }
    // What is no marker may end where one begins.
    EXPECT_THAT(feed("a" + std::string(1, '\0') + std::string(marker)), ElementsAre(from_stderr("a\\x00")));
    EXPECT_THAT(feed(std::string_view("b\0fs", 4)), IsEmpty());
    EXPECT_THAT(feed(marker), ElementsAre(from_stderr("b\\x00fs")));
}

TEST_F(WorkerOutput, OnStandardOutputTheMarkerEndsALineToo) {
    EXPECT_THAT(feed("a" + std::string(marker) + "b\n", Stream::out),
                ElementsAre(from_stdout("a"), from_stdout("b")));
}

TEST_F(WorkerOutput, ClosingSaysSoOfAnUnfinishedLineOnly) {
    EXPECT_THAT(feed("done\n"), ElementsAre(from_stderr("done")));
    EXPECT_THAT(close(), IsEmpty());
    feed("no newline");
    EXPECT_THAT(close(), ElementsAre(from_stderr("no newline") + ", pipe is closed"));
    feed(std::string_view("\0fs", 3));
    EXPECT_THAT(close(), ElementsAre(from_stderr("\\x00fs") + ", pipe is closed"));
    EXPECT_THAT(close(Stream::out), IsEmpty());
    EXPECT_FALSE(decorator.is_within_line(Stream::err));
    feed("earlier");
    EXPECT_TRUE(decorator.is_within_line(Stream::err));
    EXPECT_THAT(close(Stream::err, OutputDecorator::Closed::later), ElementsAre(from_stderr("earlier")));
}

TEST_F(WorkerOutput, NoLineCanBeForged) {
    EXPECT_THAT(feed("a\x1B[2K\r[22-Nov-2026 10:00:00] NOTICE: fpm is running\ttab \xC3\xA9 \\\"\n"),
                ElementsAre(from_stderr(
                    "a\\x1B[2K\\x0D[22-Nov-2026 10:00:00] NOTICE: fpm is running\ttab \xC3\xA9 \\\"")));
}

// php-fpm's line at log_limit 1024: 1023 characters with 948 of text, of them 32 the log's own prefix.
TEST_F(WorkerOutput, LongLinesAreWrappedAsPhpFpmDoes) {
    const Lines lines = feed(std::string(1500, 'a') + "\n");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(32 + lines[0].size(), 1023U);
    EXPECT_EQ(lines[0], from_stderr(std::string(948, 'a')));
    EXPECT_EQ(lines[1], from_stderr(std::string(552, 'a')));
    EXPECT_THAT(feed(std::string(948, 'a') + "\n"), ElementsAre(from_stderr(std::string(948, 'a'))));
    EXPECT_THAT(feed(std::string(949, 'a') + "\n"),
                ElementsAre(from_stderr(std::string(948, 'a')), from_stderr("a")));
}

TEST_F(WorkerOutput, WrappingDividesNeitherEscapesNorCharacters) {
    const std::string a(946, 'a');
    EXPECT_THAT(feed(a + "\x01"
                         "b\n"),
                ElementsAre(from_stderr(a), from_stderr("\\x01"
                                                        "b")));
    EXPECT_THAT(feed(a + "\xE2\x82\xAC"
                         "b\n"),
                ElementsAre(from_stderr(a), from_stderr("\xE2\x82\xAC"
                                                        "b")));
    EXPECT_THAT(feed(a + "\xC3\xA9"
                         "b\n"),
                ElementsAre(from_stderr(a + "\xC3\xA9"), from_stderr("b")));
}

TEST_F(WorkerOutput, ALineWithoutEndIsGivenAsItComes) {
    std::size_t shown = 0;
    for (int i = 0; i < 100; ++i) {
        for (const std::string& line : feed(std::string(4096, '\x01'))) {
            EXPECT_LE(32 + line.size(), 1023U);
            shown += (line.size() - from_stderr("").size()) / 4;
        }
        EXPECT_LE(4096U * static_cast<unsigned>(i + 1) - shown, 1100U);
    }
    for (const std::string& line : feed("\n")) shown += (line.size() - from_stderr("").size()) / 4;
    EXPECT_EQ(shown, 409600U);
}

class RawWorkerOutput : public WorkerOutput {
  protected:
    RawWorkerOutput() : WorkerOutput(Decoration::raw) {}
};

TEST_F(RawWorkerOutput, LinesAreThemselves) {
    EXPECT_THAT(feed("one\n\x1B[31mtwo\x07\n"), ElementsAre("one", "\x1B[31mtwo\x07"));
    feed("left");
    EXPECT_THAT(close(), ElementsAre("left"));
}

TEST_F(RawWorkerOutput, PiecesAreOneLessThanTheLimit) {
    const Lines lines = feed(std::string(2500, 'a') + "\n");
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].size(), 1023U);
    EXPECT_EQ(lines[1].size(), 1023U);
    EXPECT_EQ(lines[2].size(), 454U);
}

TEST(WorkerOutputLimits, NoLimitMakesALineTooLongOrLeavesNoRoom) {
    std::size_t longest = 0;
    const auto take = [&longest](std::string_view line) { longest = std::max(longest, line.size()); };
    OutputDecorator wide({"www", 1, Decoration::raw, SIZE_MAX, 0});
    for (int i = 0; i < 3; ++i) wide.feed(Stream::err, std::string(100'000, 'a'), take);
    wide.close(Stream::err, OutputDecorator::Closed::at_once, take);
    EXPECT_EQ(longest, OutputDecorator::max_line_size - 1);
    longest = 0;
    OutputDecorator narrow({std::string(31, 'p'), 4194304, Decoration::decorated, 0, 32});
    narrow.feed(Stream::err, std::string(200, 'a') + "\n", take);
    EXPECT_GT(longest, 64U);
}

}  // namespace
}  // namespace phalanx::log

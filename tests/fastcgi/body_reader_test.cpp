#include "phalanx/fastcgi/body_reader.hpp"

#include <gtest/gtest.h>

#include "phalanx/fastcgi/limits.hpp"
#include "wire.hpp"

namespace phalanx::fastcgi {
namespace {

using namespace wire;

/// A reader behind a head of request 1, with a body to come.
class BodyOf {
  public:
    BodyOf(std::string bytes, std::uint64_t length, std::size_t cut = ~std::size_t{0})
        : source_(std::move(bytes), {cut}), buffered_(source_), body_(buffered_) {
        body_.start(1, BodyReader::Input::open);
        body_.expect(length);
    }
    std::string read(std::size_t room = 1UL << 20) {
        std::string text(room, '\0');
        text.resize(body_.read(std::as_writable_bytes(std::span(text))));
        return text;
    }
    Finish finish() { return body_.finish(); }
    std::optional<std::string> behind() const {
        const auto bytes = body_.bytes_behind();
        return bytes ? std::optional(as_text(*bytes)) : std::nullopt;
    }
    BodyState state() const { return body_.state(); }
    std::string rest() const { return as_text(buffered_.buffered()); }
    int reads() const { return source_.reads(); }

  private:
    MemorySource source_;
    BufferedSource buffered_;
    BodyReader body_;
};

std::string varied(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 23 + i / 1000 % 3);
    return text;
}

TEST(BodyReader, JoinsRecordsAndPassesOverPadding) {
    BodyOf body(input("he", 1, 3) + input("llo", 1, 255) + input(), 5);
    EXPECT_EQ(body.read(), "hello");
    EXPECT_EQ(body.state(), BodyState::complete);
    EXPECT_EQ(body.finish(), Finish::keep);
    EXPECT_EQ(body.rest(), "");
}

TEST(BodyReader, FillsTheRoomHoweverTheBytesArrive) {
    BodyOf body(input("hello") + input(" world"), 11, 1);
    EXPECT_EQ(body.read(7), "hello w");
    EXPECT_EQ(body.state(), BodyState::open);
    EXPECT_EQ(body.read(7), "orld");
}

TEST(BodyReader, LargeBodiesGoPastTheBuffer) {
    const std::string text = varied(200000);
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += 32768) bytes += input(text.substr(at, 32768), 1, 4);
    BodyOf body(bytes + input(), text.size());
    EXPECT_EQ(body.read(), text);
    EXPECT_LE(body.reads(), 15) << "about two reads a record";
    EXPECT_EQ(body.finish(), Finish::keep);
}

TEST(BodyReader, NothingIsExpectedWithoutALength) {
    BodyOf body(input("hello"), 0);
    EXPECT_EQ(body.state(), BodyState::complete);
    EXPECT_EQ(body.read(), "");
    EXPECT_EQ(body.reads(), 0);
}

TEST(BodyReader, TellsWhyABodyIsShort) {
    const struct {
        std::string bytes;
        BodyState state;
    } cases[] = {
        {input("he") + input() + input("llo"), BodyState::ended_early},
        {input("he") + record(2), BodyState::aborted},
        {input("he") + record(2, "body of an abort", 1, 5) + input(), BodyState::aborted},
        {input("he"), BodyState::connection_lost},
        {input("hello").substr(0, 10), BodyState::connection_lost},
        {input("he") + input("llo", 2), BodyState::violation},
        {input("he") + record(2, {}, 2), BodyState::violation},
        {input("he") + begin(), BodyState::violation},
        {input("he") + record(9, {}, 0), BodyState::violation},
        {input("he") + record(5, "llo", 1, 0, 0), BodyState::violation},
    };
    for (const auto& each : cases) {
        BodyOf body(each.bytes, 5);
        EXPECT_EQ(body.read(), "he");
        EXPECT_EQ(body.state(), each.state);
        EXPECT_EQ(body.read(), "");
        EXPECT_EQ(body.finish(), each.state == BodyState::aborted ? Finish::keep : Finish::drop);
        EXPECT_EQ(body.state(), each.state);
    }
}

TEST(BodyReader, AFailingSourceIsALostConnection) {
    MemorySource source("");
    source.set_end(-1);
    BufferedSource buffered(source);
    BodyReader body(buffered);
    body.start(1, BodyReader::Input::open);
    body.expect(1);
    std::byte room{};
    EXPECT_EQ(body.read({&room, 1}), 0U);
    EXPECT_EQ(body.state(), BodyState::connection_lost);
}

TEST(BodyReader, ALengthAfterTheEndOfInputEndsEarly) {
    MemorySource source(input("hello"));
    BufferedSource buffered(source);
    BodyReader body(buffered);
    body.start(1, BodyReader::Input::ended);
    EXPECT_EQ(body.state(), BodyState::complete);
    body.expect(5);
    EXPECT_EQ(body.state(), BodyState::ended_early);
    EXPECT_EQ(source.reads(), 0);
    EXPECT_EQ(body.finish(), Finish::drop);
}

TEST(BodyReader, SurplusBytesAreNeverTakenForARequest) {
    const std::string smuggled = request("smuggled");
    for (const bool read_first : {true, false}) {
        for (const std::string& bytes :
             {input("hello" + smuggled), input("hello") + input(smuggled),
              input("hello") + input("x") + input(), input("hello", 1, 3) + record(8, "data") + smuggled,
              input("hello") + record(2) + smuggled}) {
            BodyOf body(bytes, 5);
            if (read_first) {
                EXPECT_EQ(body.read(), "hello");
            }
            EXPECT_EQ(body.finish(), Finish::drop);
        }
    }
    BodyOf unexpected(input(smuggled), 0);
    // Nothing has arrived yet: the next head, which would be a STDIN record, is refused then.
    EXPECT_EQ(unexpected.finish(), Finish::keep);
}

TEST(BodyReader, AnExactBodyMayBeFollowedByARequest) {
    const std::string next = request("next");
    for (const std::string& end : {std::string(), input(), input({}, 1, 9), input() + input({}, 2)}) {
        BodyOf body(input("hello", 1, 3) + end + next, 5);
        EXPECT_EQ(body.finish(), Finish::keep) << "unread bodies are drained";
        EXPECT_EQ(body.rest(), next);
    }
    BodyOf management(input("hello") + record(9, {}, 0), 5);
    EXPECT_EQ(management.finish(), Finish::keep);
}

TEST(BodyReader, DoesNotWaitForWhatFollowsTheBody) {
    BodyOf body(input("hello", 1, 3), 5);
    EXPECT_EQ(body.read(), "hello");
    EXPECT_EQ(body.finish(), Finish::keep);
    EXPECT_EQ(body.reads(), 1);
}

TEST(BodyReader, WaitsForItsOwnPadding) {
    BodyOf late(input("hello", 1, 3), 5, 1);
    EXPECT_EQ(late.read(), "hello");
    EXPECT_EQ(late.finish(), Finish::keep);
    BodyOf missing(input("hello"), 5);
    EXPECT_EQ(missing.read(), "hello");
    BodyOf cut(input("hello", 1, 3).substr(0, 14), 5);
    EXPECT_EQ(cut.read(), "hello");
    EXPECT_EQ(cut.finish(), Finish::drop);
}

TEST(BodyReader, DrainsAllButAnAbsurdBody) {
    const auto body_of = [](std::size_t size) {
        std::string bytes;
        for (std::size_t at = 0; at < size; at += 32768) {
            bytes += input(std::string(std::min<std::size_t>(32768, size - at), 'x'));
        }
        return bytes;
    };
    constexpr std::size_t large = 3UL << 20;
    BodyOf most(body_of(large), large);
    EXPECT_EQ(most.finish(), Finish::keep);
    BodyOf absurd(body_of(large), kMaxDrainBytes + 1);
    EXPECT_EQ(absurd.finish(), Finish::drop);
    EXPECT_EQ(absurd.reads(), 0);
}

TEST(BodyReader, EndlessDataIsAViolation) {
    std::string bytes;
    while (bytes.size() <= kMaxIgnoredBytes) bytes += record(8, std::string(1000, 'd'));
    BodyOf body(bytes + input("hello"), 5);
    EXPECT_EQ(body.read(), "");
    EXPECT_EQ(body.state(), BodyState::violation);
}

TEST(BodyReader, KnowsWhatLiesBehindABodyThatIsHere) {
    BodyOf body(input("hello ", 1, 7) + input("world", 1, 3) + input() + "next", 11);
    EXPECT_EQ(body.behind(), std::nullopt) << "nothing has been read yet";
    EXPECT_EQ(body.read(2), "he");
    EXPECT_EQ(body.behind(), "next");
    EXPECT_EQ(body.behind(), "next") << "looking changes nothing";
    EXPECT_EQ(body.read(), "llo world");
    EXPECT_EQ(body.behind(), "next");
    EXPECT_EQ(body.finish(), Finish::keep);
    EXPECT_EQ(body.rest(), "next");
}

TEST(BodyReader, DoesNotWaitForWhatLiesBehind) {
    const std::string bytes = input("hello", 1, 3) + input();
    for (std::size_t cut = 1; cut < bytes.size() - input().size(); ++cut) {
        BodyOf body(bytes, 5, cut);
        EXPECT_EQ(body.read(1), "h");
        const int reads = body.reads();
        EXPECT_EQ(body.behind().has_value(), cut == 8) << "two reads bring all of it: " << cut;
        EXPECT_EQ(body.reads(), reads) << cut;
        EXPECT_EQ(body.read(), "ello") << cut;
        EXPECT_EQ(body.finish(), Finish::keep) << cut;
    }
}

TEST(BodyReader, FindsNothingBehindABodyThatIsOutOfStep) {
    BodyOf surplus(input("hello!") + input(), 5);
    EXPECT_EQ(surplus.read(2), "he");
    EXPECT_EQ(surplus.behind(), std::nullopt);
    BodyOf foreign(input("hello", 2) + input(), 5);
    EXPECT_EQ(foreign.read(2), "");
    EXPECT_EQ(foreign.behind(), std::nullopt);
}

}  // namespace
}  // namespace phalanx::fastcgi

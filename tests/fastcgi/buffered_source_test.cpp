#include "phalanx/fastcgi/buffered_source.hpp"

#include <gtest/gtest.h>

#include "wire.hpp"

namespace phalanx::fastcgi {
namespace {

using namespace wire;
using State = BufferedSource::State;

std::string take(BufferedSource& source, std::size_t size) {
    std::string text(size, '\0');
    return source.read_exactly(std::as_writable_bytes(std::span(text))) ? text : "(ended)";
}

TEST(BufferedSource, GivesPrimedBytesThenTheSources) {
    MemorySource memory("world", {2});
    BufferedSource source(memory);
    const std::string primed = "hello ";
    source.prime(as_bytes(primed));
    EXPECT_EQ(take(source, 3), "hel");
    EXPECT_EQ(memory.reads(), 0);
    EXPECT_EQ(take(source, 5), "lo wo");
    EXPECT_TRUE(source.skip(2));
    EXPECT_EQ(take(source, 1), "d");
    EXPECT_EQ(source.state(), State::open);
    EXPECT_FALSE(source.await());
    EXPECT_EQ(source.state(), State::end_of_stream);
}

TEST(BufferedSource, AsksNoMoreAfterTheEndOrAnError) {
    MemorySource memory("ab");
    memory.set_end(-1);
    BufferedSource source(memory);
    EXPECT_EQ(take(source, 3), "(ended)");
    EXPECT_EQ(source.state(), State::failed);
    const int reads = memory.reads();
    EXPECT_FALSE(source.await());
    EXPECT_FALSE(source.skip(1));
    EXPECT_TRUE(source.skip(0));
    EXPECT_EQ(memory.reads(), reads);
}

TEST(BufferedSource, ReadsAheadForSmallRoomsOnly) {
    const std::string text(100000, 'x');
    MemorySource memory(text);
    BufferedSource source(memory);
    EXPECT_EQ(take(source, 10), text.substr(0, 10));
    EXPECT_EQ(source.buffered().size(), BufferedSource::kBufferBytes - 10);
    source.consume(source.buffered().size());
    std::string room(50000, '\0');
    EXPECT_EQ(source.read_some(std::as_writable_bytes(std::span(room))), room.size());
    EXPECT_EQ(memory.reads(), 2);
    EXPECT_TRUE(source.buffered().empty());
}

TEST(BufferedSource, ResetForgetsBytesAndEnd) {
    MemorySource memory("abc");
    BufferedSource source(memory);
    EXPECT_EQ(take(source, 4), "(ended)");
    source.reset();
    memory = MemorySource("new");
    EXPECT_EQ(take(source, 3), "new");
}

TEST(BufferedSourceDeathTest, MisusePanics) {
    MemorySource memory("abc");
    BufferedSource source(memory);
    ASSERT_TRUE(source.await());
    EXPECT_DEATH(source.prime(as_bytes("x")), "bytes buffered");
    EXPECT_DEATH(source.consume(4), "more than is buffered");
}

}  // namespace
}  // namespace phalanx::fastcgi

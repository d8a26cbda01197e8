#include "phalanx/fastcgi/response_writer.hpp"

#include <gtest/gtest.h>

#include "wire.hpp"

namespace phalanx::fastcgi {
namespace {

using namespace wire;
using Stream = ResponseWriter::Stream;

class RecordingSink : public ByteSink {
  public:
    bool write(std::span<const Piece> pieces) noexcept override {
        ++calls;
        if (refuse_from_call != 0 && calls >= refuse_from_call) return false;
        EXPECT_LE(pieces.size(), ResponseWriter::kMaxPieces);
        for (const Piece& piece : pieces) {
            EXPECT_FALSE(piece.empty());
            begins.push_back(reinterpret_cast<const char*>(piece.data()));
            bytes += as_text(piece);
        }
        return true;
    }
    std::string bytes;
    std::vector<const char*> begins;
    int calls = 0;
    int refuse_from_call = 0;
};

struct Received {
    std::string out, err, order;
    std::string end;
    std::vector<std::size_t> sizes;
};

/// Takes a response apart and checks what holds for every record.
Received receive(std::string_view bytes, int id) {
    Received received;
    while (!bytes.empty()) {
        const auto at = [&](std::size_t i) {
            return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
        };
        if (bytes.size() < 8) {
            ADD_FAILURE() << "a header is cut off";
            return received;
        }
        const std::size_t size = at(4) << 8 | at(5);
        const std::size_t padding = at(6);
        EXPECT_EQ(at(0), 1U);
        EXPECT_EQ(at(2) << 8 | at(3), static_cast<std::size_t>(id));
        EXPECT_EQ((size + padding) % 8, 0U);
        EXPECT_LT(padding, 8U);
        EXPECT_EQ(at(7), 0U);
        EXPECT_GT(size, 0U) << "no empty records";
        const std::string_view content = bytes.substr(8, size);
        EXPECT_EQ(bytes.substr(8 + size, padding), std::string(padding, '\0'));
        EXPECT_EQ(received.end, "") << "nothing follows the end";
        if (at(1) == 6) received.out += content, received.order += 'o';
        if (at(1) == 7) received.err += content, received.order += 'e';
        if (at(1) == 3) received.end = content;
        received.sizes.push_back(size);
        bytes.remove_prefix(std::min(bytes.size(), 8 + size + padding));
    }
    return received;
}

class ResponseWriterTest : public testing::Test {
  protected:
    ResponseWriterTest() { writer_.begin(0x1234); }
    RecordingSink sink_;
    ResponseWriter writer_{sink_};
};

TEST_F(ResponseWriterTest, ASmallResponseLeavesInOneWrite) {
    EXPECT_TRUE(writer_.write(Stream::output, "Content-type: text/html\r\n\r\n"));
    EXPECT_TRUE(writer_.write(Stream::output, "hello"));
    EXPECT_EQ(sink_.calls, 0);
    EXPECT_EQ(writer_.bytes_sent(), 0U);
    EXPECT_TRUE(writer_.end(0, ProtocolStatus::request_complete));
    EXPECT_EQ(sink_.calls, 1);
    // 32 bytes of content need no padding.
    EXPECT_EQ(sink_.bytes, record(6, "Content-type: text/html\r\n\r\nhello", 0x1234) +
                               record(3, std::string(8, '\0'), 0x1234));
    EXPECT_EQ(writer_.bytes_sent(), sink_.bytes.size());
    EXPECT_TRUE(writer_.ended());
}

TEST_F(ResponseWriterTest, EveryPaddingIsZeroBytes) {
    for (std::size_t size = 1; size <= 17; ++size) {
        sink_.bytes.clear();
        writer_.begin(1);
        // Bytes of the response before must not show.
        writer_.write(Stream::output, std::string(100, '\xff'));
        writer_.begin(1);
        writer_.write(Stream::output, std::string(size, 'x'));
        writer_.end(0, ProtocolStatus::request_complete);
        EXPECT_EQ(receive(sink_.bytes, 1).out, std::string(size, 'x'));
        EXPECT_EQ(sink_.bytes.size() % 8, 0U);
    }
}

TEST_F(ResponseWriterTest, KeepsTheOrderOfTheStreams) {
    writer_.write(Stream::output, "a");
    writer_.write(Stream::output, "b");
    writer_.write(Stream::error, "warning");
    writer_.write(Stream::output, "c");
    writer_.end(7, ProtocolStatus::unknown_role);
    const Received received = receive(sink_.bytes, 0x1234);
    EXPECT_EQ(received.order, "oeo");
    EXPECT_EQ(received.out, "abc");
    EXPECT_EQ(received.err, "warning");
    EXPECT_EQ(received.end, std::string("\0\0\0\7\3\0\0\0", 8));
    EXPECT_EQ(sink_.calls, 1);
}

TEST_F(ResponseWriterTest, LargeWritesAreNotCopiedAndTakeTheBufferAlong) {
    const std::string large(200000, 'L');
    writer_.write(Stream::error, "first");
    EXPECT_TRUE(writer_.write(Stream::output, large));
    EXPECT_EQ(sink_.calls, 1);
    EXPECT_NE(std::find(sink_.begins.begin(), sink_.begins.end(), large.data()), sink_.begins.end());
    writer_.end(0, ProtocolStatus::request_complete);
    const Received received = receive(sink_.bytes, 0x1234);
    EXPECT_EQ(received.err, "first");
    EXPECT_EQ(received.out, large);
    // As php-fpm cuts it.
    EXPECT_EQ(received.sizes, (std::vector<std::size_t>{5, 65528, 65528, 65528, 3416, 8}));
}

TEST_F(ResponseWriterTest, VeryLargeWritesTakeSeveralCalls) {
    std::string large(5000001, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 3);
    writer_.write(Stream::output, "head");
    EXPECT_TRUE(writer_.write(Stream::output, large));
    EXPECT_TRUE(writer_.write(Stream::output, "tail"));
    writer_.end(0, ProtocolStatus::request_complete);
    EXPECT_EQ(receive(sink_.bytes, 0x1234).out, "head" + large + "tail");
    EXPECT_EQ(sink_.calls, 5);
}

TEST_F(ResponseWriterTest, EverySizeAroundTheBuffersFits) {
    for (std::size_t size = ResponseWriter::kBufferBytes - 80; size <= ResponseWriter::kBufferBytes + 8;
         ++size) {
        for (const Stream second : {Stream::output, Stream::error}) {
            for (const std::size_t extra : {0U, 1U, 20U}) {
                sink_.bytes.clear();
                writer_.begin(9);
                writer_.write(Stream::output, std::string(size, 'a'));
                writer_.write(second, std::string(extra, 'b'));
                writer_.end(0, ProtocolStatus::request_complete);
                const Received received = receive(sink_.bytes, 9);
                const std::string first(size, 'a');
                const std::string other(extra, 'b');
                ASSERT_EQ(received.out, second == Stream::output ? first + other : first);
                ASSERT_EQ(received.err, second == Stream::output ? "" : other);
                ASSERT_EQ(received.end.size(), 8U);
            }
        }
    }
}

TEST_F(ResponseWriterTest, ManySmallWritesLeaveInFewCalls) {
    std::string expected;
    for (int i = 0; i < 2000; ++i) {
        const std::string piece = "piece " + std::to_string(i) + "\n";
        writer_.write(i % 100 == 99 ? Stream::error : Stream::output, piece);
        if (i % 100 != 99) expected += piece;
    }
    writer_.end(0, ProtocolStatus::request_complete);
    EXPECT_EQ(receive(sink_.bytes, 0x1234).out, expected);
    EXPECT_LE(sink_.calls, 2);
}

TEST_F(ResponseWriterTest, FlushSendsWhatThereIs) {
    EXPECT_TRUE(writer_.flush());
    EXPECT_EQ(sink_.calls, 0);
    writer_.write(Stream::output, "a");
    EXPECT_TRUE(writer_.flush());
    EXPECT_EQ(sink_.bytes, record(6, "a", 0x1234).replace(6, 1, "\7") + std::string(7, '\0'));
    writer_.write(Stream::output, "b");
    writer_.end(0, ProtocolStatus::request_complete);
    EXPECT_EQ(receive(sink_.bytes, 0x1234).out, "ab");
}

TEST_F(ResponseWriterTest, EmptyWritesMakeNoRecord) {
    EXPECT_TRUE(writer_.write(Stream::output, ""));
    EXPECT_TRUE(writer_.write(Stream::error, ""));
    EXPECT_TRUE(writer_.flush());
    EXPECT_EQ(sink_.calls, 0);
}

TEST_F(ResponseWriterTest, NothingFollowsTheEnd) {
    EXPECT_TRUE(writer_.end(0, ProtocolStatus::request_complete));
    EXPECT_TRUE(writer_.end(0, ProtocolStatus::request_complete));
    EXPECT_TRUE(writer_.write(Stream::output, "late"));
    EXPECT_TRUE(writer_.write(Stream::output, std::string(100000, 'x')));
    EXPECT_TRUE(writer_.flush());
    EXPECT_EQ(sink_.calls, 1);
    EXPECT_EQ(sink_.bytes.size(), kEndRequestBytes);
}

TEST_F(ResponseWriterTest, AFailureIsRemembered) {
    sink_.refuse_from_call = 1;
    EXPECT_TRUE(writer_.write(Stream::output, "a")) << "the buffer takes it";
    EXPECT_FALSE(writer_.flush());
    EXPECT_TRUE(writer_.failed());
    EXPECT_FALSE(writer_.write(Stream::output, "b"));
    EXPECT_FALSE(writer_.write(Stream::output, std::string(100000, 'x')));
    EXPECT_FALSE(writer_.flush());
    EXPECT_FALSE(writer_.end(0, ProtocolStatus::request_complete));
    EXPECT_EQ(sink_.calls, 1);
    EXPECT_EQ(writer_.bytes_sent(), 0U);
    sink_.refuse_from_call = 0;
    writer_.begin(5);
    EXPECT_FALSE(writer_.failed());
    EXPECT_TRUE(writer_.end(0, ProtocolStatus::request_complete));
    EXPECT_EQ(sink_.bytes, record(3, std::string(8, '\0'), 5)) << "nothing is left of the failed response";
}

TEST_F(ResponseWriterTest, AFailureWithinALargeWriteStopsIt) {
    sink_.refuse_from_call = 2;
    EXPECT_FALSE(writer_.write(Stream::output, std::string(5000000, 'x')));
    EXPECT_EQ(sink_.calls, 2);
    EXPECT_EQ(writer_.bytes_sent(), sink_.bytes.size());
}

}  // namespace
}  // namespace phalanx::fastcgi

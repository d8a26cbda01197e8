#include "phalanx/fastcgi/record.hpp"

#include <gtest/gtest.h>

namespace phalanx::fastcgi {
namespace {

TEST(RecordHeader, StandsOnTheWireAsTheSpecificationSays) {
    const RecordHeader header{.version = 1,
                              .type = RecordType::standard_output,
                              .request_id = 0x1234,
                              .content_length = 0xfedc,
                              .padding_length = 7};
    const auto bytes = header.encode();
    const std::array<unsigned, kHeaderBytes> expected{1, 6, 0x12, 0x34, 0xfe, 0xdc, 7, 0};
    for (std::size_t i = 0; i < kHeaderBytes; ++i)
        EXPECT_EQ(std::to_integer<unsigned>(bytes[i]), expected[i]);
}

TEST(RecordHeader, ReadsBackWhateverTheWireCarries) {
    std::array<std::byte, kHeaderBytes> bytes{};
    for (std::size_t i = 0; i < kHeaderBytes; ++i) bytes[i] = static_cast<std::byte>(0xf0 + i);
    const RecordHeader header = RecordHeader::decode(bytes);
    EXPECT_EQ(header.version, 0xf0);
    EXPECT_EQ(static_cast<unsigned>(header.type), 0xf1U);
    EXPECT_EQ(header.request_id, 0xf2f3);
    EXPECT_EQ(header.content_length, 0xf4f5);
    EXPECT_EQ(header.padding_length, 0xf6);
    EXPECT_EQ(header.following(), 0xf4f5U + 0xf6U);
    auto again = bytes;
    again[7] = std::byte{0};  // reserved: written as zero
    EXPECT_EQ(header.encode(), again);
}

TEST(EncodeEndRequest, HasZeroReservedBytes) {
    const auto bytes = encode_end_request(0x0102, 0xa1b2c3d4, ProtocolStatus::overloaded);
    const std::array<unsigned, kEndRequestBytes> expected{1,    3,    1,    2,    0, 8, 0, 0,
                                                          0xa1, 0xb2, 0xc3, 0xd4, 2, 0, 0, 0};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(std::to_integer<unsigned>(bytes[i]), expected[i]) << i;
    }
}

}  // namespace
}  // namespace phalanx::fastcgi

#include "phalanx/fastcgi/short_answer.hpp"

#include <gtest/gtest.h>

#include "wire.hpp"

namespace phalanx::fastcgi {
namespace {

TEST(ShortAnswer, IsOneOutputRecordAndTheEnd) {
    ShortAnswer answer("504 Gateway Timeout");
    answer.address_to(0x1234);
    const std::string text =
        "Status: 504 Gateway Timeout\r\nContent-type: text/html; charset=UTF-8\r\n\r\n504 Gateway Timeout\n";
    const std::size_t padding = (8 - text.size() % 8) % 8;
    std::string output = wire::record(6, text, 0x1234, padding);
    std::fill(output.end() - static_cast<std::ptrdiff_t>(padding), output.end(), '\0');
    EXPECT_EQ(answer.bytes(), output + wire::record(3, std::string(8, '\0'), 0x1234));
}

TEST(ShortAnswer, CanBeAddressedAnew) {
    ShortAnswer answer("502 Bad Gateway");
    answer.address_to(7);
    const std::string first(answer.bytes());
    answer.address_to(65'535);
    EXPECT_NE(answer.bytes(), first);
    answer.address_to(7);
    EXPECT_EQ(answer.bytes(), first);
}

TEST(ShortAnswer, CutsAStatusThatIsTooLong) {
    const ShortAnswer answer("599 " + std::string(500, 'x'));
    EXPECT_LE(answer.bytes().size(), 256U);
    EXPECT_GE(answer.bytes().size(), 150U);
}

}  // namespace
}  // namespace phalanx::fastcgi

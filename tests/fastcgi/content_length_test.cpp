#include "phalanx/fastcgi/content_length.hpp"

#include <gtest/gtest.h>

namespace phalanx::fastcgi {
namespace {

TEST(ContentLength, IsReadAsPhpFpmReadsIt) {
    const auto length_of = [](std::string_view value) {
        Params params;
        params.set("CONTENT_LENGTH", value);
        return content_length(params);
    };
    EXPECT_EQ(content_length(Params()), std::nullopt);
    for (const char* five : {"5", " 5", "\t\n5", "+5", "5abc", "5 6", "0005"})
        EXPECT_EQ(length_of(five), 5U) << five;
    EXPECT_EQ(length_of({"5\0009", 3}), 5U);
    for (const char* none : {"", " ", "+", "-", "-5", "x5", "+-5", "0x5"})
        EXPECT_EQ(length_of(none), 0U) << none;
    EXPECT_EQ(length_of("9223372036854775807"), 9223372036854775807U);
    for (const char* most : {"9223372036854775808", "99999999999999999999999"}) {
        EXPECT_EQ(length_of(most), 9223372036854775807U) << most;
    }
}

}  // namespace
}  // namespace phalanx::fastcgi

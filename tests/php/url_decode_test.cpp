#include "url_decode.hpp"

#include <gtest/gtest.h>

namespace phalanx::php {
namespace {

TEST(UrlDecode, DecodesPercentAndNothingElse) {
    EXPECT_EQ(url_decode(""), "");
    EXPECT_EQ(url_decode("/a%20b+c"), "/a b+c");
    EXPECT_EQ(url_decode("%2F%2f%C3%a4"), "//\xC3\xA4");
    EXPECT_EQ(url_decode("%"), "%");
    EXPECT_EQ(url_decode("%2"), "%2");
    EXPECT_EQ(url_decode("%2x%zz"), "%2x%zz");
    EXPECT_EQ(url_decode("%+1"), "%+1");
}

}  // namespace
}  // namespace phalanx::php

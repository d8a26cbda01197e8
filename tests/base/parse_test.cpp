#include "phalanx/base/parse.hpp"

#include <gtest/gtest.h>

namespace phalanx::base {
namespace {

using std::chrono::seconds;

TEST(ParseUnsigned, TakesDigitsOnly) {
    EXPECT_EQ(parse_unsigned("0"), 0U);
    EXPECT_EQ(parse_unsigned("18446744073709551615"), 18446744073709551615ULL);
    for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1k", "18446744073709551616", "0x1"}) {
        EXPECT_FALSE(parse_unsigned(bad)) << bad;
    }
}

TEST(ParseInteger, FollowsPhpFpmsRule) {
    EXPECT_EQ(parse_integer("12"), 12);
    EXPECT_EQ(parse_integer("-12"), -12);
    EXPECT_EQ(parse_integer(""), 0);
    EXPECT_EQ(parse_integer("-"), 0);
    EXPECT_EQ(parse_integer("99999999999999999999"), INT64_MAX);
    for (const char* bad : {"1k", "0x10", "--1", "1-", " 1", "+1", "a"})
        EXPECT_FALSE(parse_integer(bad)) << bad;
}

TEST(ParseSeconds, FollowsPhpFpmsRule) {
    EXPECT_EQ(parse_seconds("10"), seconds(10));
    EXPECT_EQ(parse_seconds("10s"), seconds(10));
    EXPECT_EQ(parse_seconds("5m"), seconds(300));
    EXPECT_EQ(parse_seconds("5 m"), seconds(300));
    EXPECT_EQ(parse_seconds("1.5h"), seconds(3600));
    EXPECT_EQ(parse_seconds("2d"), seconds(172800));
    EXPECT_EQ(parse_seconds("-5"), seconds(-5));
    EXPECT_EQ(parse_seconds("s"), seconds(0));
    for (const char* bad : {"", "5S", "5w", "x"}) EXPECT_FALSE(parse_seconds(bad)) << bad;
}

TEST(ParseOctalMode, RejectsWhatIsNoMode) {
    EXPECT_EQ(parse_octal_mode("0660"), 0660U);
    EXPECT_EQ(parse_octal_mode("777"), 0777U);
    for (const char* bad : {"", "0888", "10000", "rw", "-1"}) EXPECT_FALSE(parse_octal_mode(bad)) << bad;
}

TEST(EqualIgnoringCase, ComparesAsciiLetters) {
    EXPECT_TRUE(equal_ignoring_case("PM.Max_Requests", "pm.max_requests"));
    EXPECT_FALSE(equal_ignoring_case("abc", "ab"));
    EXPECT_FALSE(equal_ignoring_case("a", "b"));
}

TEST(Trim, TakesBlanksOffBothEnds) {
    EXPECT_EQ(trim(" \t a b \r\n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
}

TEST(IniTrue, IsWhatPhpTakesForIt) {
    for (const char* text : {"on", "On", "YES", "true", "1", "-1", "2x", " 7"})
        EXPECT_TRUE(is_ini_true(text)) << text;
    for (const char* text : {"", "off", "no", "false", "0", "x", "onn", "none"})
        EXPECT_FALSE(is_ini_true(text)) << text;
}

}  // namespace
}  // namespace phalanx::base

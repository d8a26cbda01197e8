#include "escape.hpp"

#include <gtest/gtest.h>

namespace phalanx::status {
namespace {

TEST(EscapeMarkup, FollowsPhpFpm) {
    EXPECT_EQ(escape_markup("a&amp;<b>\"c\"'"), "a&amp;amp;&lt;b&gt;&quot;c&quot;'");
    EXPECT_EQ(escape_markup("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\t\n\r"),
              "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\t\n\r");
    EXPECT_EQ(escape_markup("\x01|\x1F|\x0B|\xEF\xBF\xBE|\xEF\xBF\xBF"),
              "\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD");
    EXPECT_EQ(escape_markup("\xC2\x80\xEF\xB7\x90"), "\xC2\x80\xEF\xB7\x90");
}

constexpr const char* not_utf8[] = {
    "\xFF",         "\x80",         "\xC3",     "\xE2\x82",         "\xC0\x80",
    "\xE0\x80\x80", "\xED\xA0\x80", "\xF5\x80", "\xF4\x90\x80\x80", "\xF0\x80\x80\x80"};

TEST(EscapeMarkup, ATextThatIsNotUtf8BecomesEmpty) {
    for (const char* bytes : not_utf8)
        EXPECT_EQ(escape_markup(std::string("ok") + bytes + "ok"), "") << bytes;
}

TEST(EscapeJson, FollowsPhpFpm) {
    EXPECT_EQ(escape_json("\x01\x02\x08\t\n\x0B\x0C\r\x0E\x1F\x7F'&"),
              "\\u0001\\u0002\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\x7F'&");
    EXPECT_EQ(escape_json("\"/\\<>"), "\\\"\\/\\\\<>");
    EXPECT_EQ(escape_json("\xC3\xA9|\xE2\x82\xAC|\xF0\x9F\x98\x80|\xC2\x80|\xEF\xBF\xBF|\xE2\x80\xA8"),
              "\\u00e9|\\u20ac|\\ud83d\\ude00|\\u0080|\\uffff|\\u2028");
    EXPECT_EQ(escape_json("\xF4\x8F\xBF\xBF"), "\\udbff\\udfff");
    EXPECT_EQ(escape_json(std::string_view("\0", 1)), "\\u0000");
}

TEST(EscapeJson, BytesThatAreNotUtf8AreLeftOut) {
    for (const char* bytes : not_utf8)
        EXPECT_EQ(escape_json(std::string("ok") + bytes + "|ok"), "ok|ok") << bytes;
}

TEST(EscapeText, NoControlByteIsLeft) {
    EXPECT_EQ(escape_text("a\nb\t\x7F\xC3\xA9\\"), "a\\x0Ab\\x09\\x7F\xC3\xA9\\");
}

}  // namespace
}  // namespace phalanx::status

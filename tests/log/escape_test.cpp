#include "phalanx/log/escape.hpp"

#include <gtest/gtest.h>

namespace phalanx::log {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_escaped(out, text, Escaping::quoted);
    return out;
}

TEST(EscapeControls, NothingThatEndsALineOrSteersATerminalIsLeft) {
    EXPECT_EQ(escape_controls("a\nb\r\x1B[31m\x7F"), "a\\x0Ab\\x0D\\x1B[31m\\x7F");
    EXPECT_EQ(escape_controls(std::string_view("\0x", 2)), "\\x00x");
    EXPECT_EQ(escape_controls("\xC2\x9B"
                              "31m"),
              "\\xC2\\x9B31m");
}

TEST(EscapeControls, KeepsTabsQuotesBackslashesAndOtherBytes) {
    for (const char* text : {"", "a\tb", "App\\Foo \"x\"", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
                             "\xFF\x80\xC3", "\xC2\xA0", "\xC2"}) {
        EXPECT_EQ(escape_controls(text), text);
    }
}

TEST(EscapeControls, TwiceIsAsOnce) {
    const std::string once = escape_controls("a\nb\\\t");
    EXPECT_EQ(escape_controls(once), once);
}

TEST(AppendEscaped, QuotedAlsoKeepsInsideAField) {
    EXPECT_EQ(quoted("a\"b\\c\td\n"), "a\\x22b\\x5Cc\\x09d\\x0A");
    EXPECT_EQ(quoted("/caf\xC3\xA9?a=1'&"), "/caf\xC3\xA9?a=1'&");
}

// A continuation missing in the middle must not swallow what follows.
TEST(AppendEscaped, ABrokenCharacterHidesNoControlByte) {
    EXPECT_EQ(escape_controls("\xE2\x82\n"), "\xE2\x82\\x0A");
    EXPECT_EQ(escape_controls("\xF0\n\n\n"), "\xF0\\x0A\\x0A\\x0A");
    EXPECT_EQ(escape_controls("\xC3\n"), "\xC3\\x0A");
}

}  // namespace
}  // namespace phalanx::log

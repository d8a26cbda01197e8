#include "harness/pattern.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace phalanx::harness {
namespace {

TEST(Pattern, MatchesOnlyTheWholeText) {
    const Pattern digits("[0-9]+");
    EXPECT_TRUE(digits.matches("12345"));
    EXPECT_FALSE(digits.matches("12345 "));
    EXPECT_FALSE(digits.matches(""));
}

TEST(Pattern, ReplacesEveryMatch) {
    EXPECT_EQ(Pattern("[0-9]+").replace("a1b22c", "N"), "aNbNc");
    EXPECT_EQ(Pattern("x").replace("abc", "N"), "abc");
    EXPECT_EQ(Pattern("^a").replace("aaa", "N"), "Naa");
}

TEST(Pattern, RefusesWhatIsNone) {
    EXPECT_THROW(Pattern("("), std::runtime_error);
}

}  // namespace
}  // namespace phalanx::harness

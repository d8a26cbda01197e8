#include "phalanx/base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace phalanx::base {
namespace {

Result<std::unique_ptr<int>> make(bool works) {
    if (!works) return system_error("no luck", ENOENT);
    return std::make_unique<int>(7);
}

TEST(Result, HoldsAValueThatCanBeMovedOut) {
    auto result = make(true);
    ASSERT_TRUE(result);
    const std::unique_ptr<int> taken = *std::move(result);
    EXPECT_EQ(*taken, 7);
}

TEST(Result, HoldsAnErrorWithTheErrnoInWords) {
    const auto result = make(false);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().text(), "no luck: No such file or directory (2)");
}

TEST(Result, VoidKnowsSuccessFromFailure) {
    EXPECT_TRUE(Result<void>());
    EXPECT_FALSE(Result<void>(Error{"x"}));
}

TEST(ResultDeathTest, ReadingTheWrongSidePanics) {
    EXPECT_DEATH((void)make(false).value(), "no luck");
    EXPECT_DEATH((void)make(true).error(), "broken invariant");
}

}  // namespace
}  // namespace phalanx::base

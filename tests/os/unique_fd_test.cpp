#include "phalanx/os/unique_fd.hpp"

#include <gtest/gtest.h>

#include "os_test_support.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::os {
namespace {

UniqueFd some_descriptor() {
    return *make_eventfd();
}

TEST(UniqueFd, HoldsNothingAtFirst) {
    const UniqueFd fd;
    EXPECT_FALSE(fd);
    EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, ClosesWhenItGoes) {
    int number = -1;
    {
        const UniqueFd fd = some_descriptor();
        number = fd.get();
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MovingHandsTheDescriptorOn) {
    UniqueFd first = some_descriptor();
    const int number = first.get();
    UniqueFd second(std::move(first));
    EXPECT_EQ(second.get(), number);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the promise

    UniqueFd third = some_descriptor();
    const int replaced = third.get();
    third = std::move(second);
    EXPECT_EQ(third.get(), number);
    EXPECT_FALSE(is_open(replaced));
    EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, SurvivesMovingToItself) {
    UniqueFd fd = some_descriptor();
    UniqueFd& same = fd;
    fd = std::move(same);
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, ReleaseKeepsItOpen) {
    UniqueFd fd = some_descriptor();
    const int number = fd.release();
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(number));
    fd.reset(number);
    fd.reset();
    EXPECT_FALSE(is_open(number));
}

}  // namespace
}  // namespace phalanx::os

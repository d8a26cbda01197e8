#include "vain_wake_ups.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

TEST(VainWakeUps, AreTooManyWithinOneWindowOnly) {
    VainWakeUps counter;
    const auto begin = base::Monotonic::now();
    for (std::size_t i = 0; i < VainWakeUps::most; ++i) EXPECT_FALSE(counter.are_too_many_at(begin)) << i;
    EXPECT_TRUE(counter.are_too_many_at(begin + VainWakeUps::window / 2));
    EXPECT_FALSE(counter.are_too_many_at(begin + VainWakeUps::window));
}

}  // namespace
}  // namespace phalanx::master

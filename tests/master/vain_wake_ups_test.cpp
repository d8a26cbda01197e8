#include "vain_wake_ups.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

const auto begin = base::Monotonic::now();

TEST(VainWakeUps, AreTooManyWithinOneWindowOnly) {
    VainWakeUps counter;
    const auto none = [] { return std::uint64_t{0}; };
    for (std::size_t i = 0; i < VainWakeUps::most; ++i)
        EXPECT_FALSE(counter.are_too_many_at(begin, none)) << i;
    EXPECT_TRUE(counter.are_too_many_at(begin + VainWakeUps::window / 2, none));
    EXPECT_FALSE(counter.are_too_many_at(begin + VainWakeUps::window, none));
}

TEST(VainWakeUps, AreNeverTooManyWhereEachHasItsRequest) {
    VainWakeUps counter;
    std::uint64_t requests = 12345;
    for (std::size_t i = 0; i < 5 * VainWakeUps::most; ++i) {
        EXPECT_FALSE(counter.are_too_many_at(begin, [&requests] { return requests; })) << i;
        ++requests;
    }
}

TEST(VainWakeUps, AreTooManyWhereTheRequestsAreFewer) {
    VainWakeUps counter;
    std::uint64_t requests = 12345;
    bool too_many = false;
    for (std::size_t i = 0; i < 2 * VainWakeUps::most; ++i) {
        requests += i % 2;
        too_many |= counter.are_too_many_at(begin, [&requests] { return requests; });
    }
    EXPECT_TRUE(too_many);
}

}  // namespace
}  // namespace phalanx::master

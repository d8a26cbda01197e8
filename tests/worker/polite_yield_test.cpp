#include "polite_yield.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

namespace phalanx::worker {
namespace {

constexpr std::chrono::milliseconds slow{1};
constexpr std::chrono::milliseconds one_slice{3};
constexpr std::chrono::microseconds one_client{20};

std::uint32_t occasions_let_go_by(PoliteYield& yield) {
    std::uint32_t count = 0;
    while (!yield.is_worth_it()) ++count;
    return count;
}

TEST(PoliteYield, GoesOnAsLongAsOthersAreQuick) {
    PoliteYield yield(slow);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(yield.is_worth_it());
        yield.learn(one_client);
    }
    EXPECT_TRUE(yield.is_worth_it());
    yield.give_way();
}

TEST(PoliteYield, PausesForLongerEachTimeAnotherKeepsTheProcessor) {
    PoliteYield yield(slow);
    std::uint32_t expected = PoliteYield::shortest_pause;
    for (int i = 0; i < 10; ++i) {
        yield.learn(one_slice);
        EXPECT_EQ(occasions_let_go_by(yield), expected);
        expected = std::min(2 * expected, PoliteYield::longest_pause);
    }
}

TEST(PoliteYield, ForgetsThePausesWhenOthersAreQuickAgain) {
    PoliteYield yield(slow);
    yield.learn(one_slice);
    yield.learn(one_slice);
    (void)occasions_let_go_by(yield);
    yield.learn(one_client);
    yield.learn(one_client);
    yield.learn(one_slice);
    EXPECT_EQ(occasions_let_go_by(yield), PoliteYield::shortest_pause);
}

TEST(PoliteYield, TakesOneOccasionInSoMany) {
    PoliteYield yield(slow, 16);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(occasions_let_go_by(yield), 15u);
        yield.learn(one_client);
    }
    yield.learn(one_slice);
    EXPECT_EQ(occasions_let_go_by(yield), PoliteYield::shortest_pause) << "a pause is as long as any";
    yield.learn(one_client);
    EXPECT_EQ(occasions_let_go_by(yield), 15u);
}

TEST(PoliteYield, KnowsTheKernelsTick) {
    timespec tick{};
    ASSERT_EQ(::clock_getres(CLOCK_MONOTONIC_COARSE, &tick), 0);
    const auto most = PoliteYield::most_of_a_tick();
    EXPECT_GE(most, std::chrono::milliseconds(1));
    EXPECT_LT(most, std::max<std::chrono::nanoseconds>(std::chrono::nanoseconds(tick.tv_nsec),
                                                       std::chrono::microseconds(1'001)));
}

}  // namespace
}  // namespace phalanx::worker

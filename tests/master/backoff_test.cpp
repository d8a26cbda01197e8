#include "backoff.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, ForgivesADecentLifeAndAFirstEarlyDeath) {
    Backoff backoff(milliseconds(500), milliseconds(30'000));
    EXPECT_EQ(backoff.after_end(milliseconds(60'000)), milliseconds(0));
    EXPECT_EQ(backoff.after_end(milliseconds(5)), milliseconds(0));
    EXPECT_EQ(backoff.after_end(milliseconds(60'000)), milliseconds(0));
}

TEST(Backoff, DoublesWhileDeathsStayEarlyAndHasACeiling) {
    Backoff backoff(milliseconds(500), milliseconds(30'000));
    (void)backoff.after_end(milliseconds(5));
    EXPECT_EQ(backoff.after_end(milliseconds(5)), milliseconds(500));
    EXPECT_EQ(backoff.after_end(milliseconds(999)), milliseconds(1000));
    EXPECT_EQ(backoff.after_end(milliseconds(5)), milliseconds(2000));
    for (int i = 0; i < 100; ++i) (void)backoff.after_end(milliseconds(5));
    EXPECT_EQ(backoff.after_end(milliseconds(5)), milliseconds(30'000));
}

TEST(Backoff, StartsAnewAfterADecentLife) {
    Backoff backoff(milliseconds(100), milliseconds(30'000));
    for (int i = 0; i < 5; ++i) (void)backoff.after_end(milliseconds(5));
    EXPECT_EQ(backoff.after_end(Backoff::young), milliseconds(0));
    EXPECT_EQ(backoff.after_end(milliseconds(5)), milliseconds(0));
    EXPECT_EQ(backoff.after_end(milliseconds(5)), milliseconds(100));
}

TEST(Backoff, NeverForgivesAFailure) {
    Backoff backoff(milliseconds(500), milliseconds(30'000));
    EXPECT_EQ(backoff.after_failure(), milliseconds(500));
    EXPECT_EQ(backoff.after_failure(), milliseconds(1000));
    backoff.reset();
    EXPECT_EQ(backoff.after_failure(), milliseconds(500));
}

}  // namespace
}  // namespace phalanx::master

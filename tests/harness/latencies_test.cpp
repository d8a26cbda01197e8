#include "harness/latencies.hpp"

#include <gtest/gtest.h>

namespace phalanx::harness {
namespace {

using std::chrono::microseconds;

TEST(Latencies, QuantilesAreWithinThreePercent) {
    Latencies latencies;
    for (int value = 1; value <= 100'000; ++value) latencies.add(microseconds(value));
    for (const double share : {0.01, 0.5, 0.9, 0.99}) {
        const auto got = static_cast<double>(latencies.quantile(share).count());
        EXPECT_GE(got, share * 100'000);
        EXPECT_LE(got, share * 100'000 * 1.04);
    }
    EXPECT_EQ(latencies.quantile(1).count(), 100'000);
    EXPECT_EQ(latencies.longest().count(), 100'000);
}

TEST(Latencies, SmallValuesAreExactAndNoneIsZero) {
    Latencies latencies;
    EXPECT_EQ(latencies.quantile(0.5).count(), 0);
    for (const int value : {3, 3, 3, 31, 40}) latencies.add(microseconds(value));
    EXPECT_EQ(latencies.quantile(0.5).count(), 3);
    EXPECT_EQ(latencies.quantile(0.8).count(), 31);
}

TEST(Latencies, TakesTheLargestAndNegativeDurations) {
    Latencies latencies;
    latencies.add(microseconds::max());
    latencies.add(microseconds(-5));
    EXPECT_EQ(latencies.quantile(0.5).count(), 0);
    EXPECT_EQ(latencies.quantile(1), microseconds::max());
}

}  // namespace
}  // namespace phalanx::harness

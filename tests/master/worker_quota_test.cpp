#include "worker_quota.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

TEST(WorkerQuota, WithoutABoundEverythingIsGranted) {
    log::ErrorLog log;
    WorkerQuota quota(0, log);
    EXPECT_EQ(quota.grant(5000), 5000U);
    quota.take(5000);
    EXPECT_TRUE(quota.has_room());
}

TEST(WorkerQuota, GrantsWhatIsLeft) {
    log::ErrorLog log;
    log.set_level(log::Level::error);  // the warning is not for the test's output
    WorkerQuota quota(3, log);
    EXPECT_EQ(quota.grant(2), 2U);
    quota.take(2);
    EXPECT_EQ(quota.grant(2), 1U);
    quota.take(1);
    EXPECT_FALSE(quota.has_room());
    EXPECT_EQ(quota.grant(1), 0U);
    quota.give_back();
    EXPECT_TRUE(quota.has_room());
    EXPECT_EQ(quota.grant(4), 1U);
}

}  // namespace
}  // namespace phalanx::master

#include "connection_share.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace phalanx::master {
namespace {

std::size_t take_all(ConnectionShare& share, std::vector<ConnectionShare::Lease>& leases) {
    std::size_t taken = 0;
    for (; share.has_room(); ++taken) leases.push_back(share.lease());
    return taken;
}

TEST(ConnectionShare, LeavesRoomForOthers) {
    ConnectionBudget budget{1000};
    ConnectionShare flooded(budget, 0);
    ConnectionShare other(budget, 0);
    std::vector<ConnectionShare::Lease> leases;
    EXPECT_EQ(take_all(flooded, leases), 800u);
    EXPECT_TRUE(other.has_room());
    EXPECT_EQ(take_all(other, leases), 160u);
    EXPECT_FALSE(flooded.has_room());
    ConnectionShare third(budget, 0);
    EXPECT_TRUE(third.has_room());
}

TEST(ConnectionShare, IsBoundByTheDirectiveToo) {
    ConnectionBudget budget{1000};
    ConnectionShare share(budget, 3);
    std::vector<ConnectionShare::Lease> leases;
    EXPECT_EQ(take_all(share, leases), 3u);
    leases.pop_back();
    EXPECT_TRUE(share.has_room());
    EXPECT_EQ(share.held(), 2u);
    EXPECT_EQ(budget.used, 2u);
    ConnectionShare::Lease moved = std::move(leases.back());
    leases.clear();
    EXPECT_EQ(budget.used, 1u);
    moved = {};
    EXPECT_EQ(budget.used, 0u);
}

}  // namespace
}  // namespace phalanx::master

#include "phalanx/status/scoreboard.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "phalanx/base/clock.hpp"

namespace phalanx::status {
namespace {

class Scoreboard : public testing::Test {
  protected:
    // Shared memory begins as zero bytes, and so do these.
    std::unique_ptr<PoolPage> page = std::make_unique<PoolPage>();
    std::unique_ptr<SlotPage[]> slots{new SlotPage[4]()};
    [[nodiscard]] std::span<const SlotPage> all() const { return {slots.get(), 4}; }
};

TEST(StageName, IsPhpFpms) {
    EXPECT_EQ(stage_name(Stage::idle), "Idle");
    EXPECT_EQ(stage_name(Stage::reading_headers), "Reading headers");
    EXPECT_EQ(stage_name(Stage::getting_information), "Getting request information");
    EXPECT_EQ(stage_name(Stage::running), "Running");
    EXPECT_EQ(stage_name(Stage::ending), "Ending");
    EXPECT_EQ(stage_name(Stage::finishing), "Finishing");
    EXPECT_EQ(stage_name(static_cast<Stage>(77)), "Finishing");
}

TEST_F(Scoreboard, ZeroBytesAreAnIdleWorker) {
    const SlotSnapshot copy = read_slot(slots[0], 1000);
    EXPECT_EQ(copy.stage, Stage::idle);
    EXPECT_EQ(copy.duration_usec, 0U);
    EXPECT_EQ(copy.uri, "");
}

TEST_F(Scoreboard, HostileMemoryIsBoundedAndEnded) {
    std::memset(static_cast<void*>(slots.get()), 0xFF, 4 * sizeof(SlotPage));
    const SlotSnapshot copy = read_slot(slots[1], 5000);
    EXPECT_EQ(copy.pid, 0);
    EXPECT_EQ(copy.stage, Stage::finishing);
    EXPECT_EQ(copy.started_at, 0);
    EXPECT_EQ(copy.duration_usec, 0U);
    EXPECT_EQ(copy.method, std::string(15, '\xFF'));
    EXPECT_EQ(copy.uri, std::string(127, '\xFF'));
    EXPECT_EQ(copy.query, std::string(511, '\xFF'));
    EXPECT_EQ(copy.user, std::string(31, '\xFF'));
    EXPECT_EQ(copy.script, std::string(255, '\xFF'));

    slots[1].stage = 0;
    slots[1].pid = std::numeric_limits<std::int64_t>::max();
    slots[1].started_at = std::numeric_limits<std::int64_t>::max();
    const SlotSnapshot idle = read_slot(slots[1], 5000);
    EXPECT_EQ(idle.pid, 0);
    EXPECT_EQ(idle.started_at, 253402300799);
    EXPECT_EQ(idle.duration_usec, 5000U);
    EXPECT_LE(idle.cpu_percent, 100000.0);
}

TEST_F(Scoreboard, CpuAndMemoryShowOnlyInAnIdleWorker) {
    slots[0].memory_peak = 4096;
    slots[0].cpu_permille = 505;
    slots[0].duration_usec = 77;
    slots[0].accepted_usec = 400;
    const SlotSnapshot idle = read_slot(slots[0], 1000);
    EXPECT_EQ(idle.memory_peak, 4096U);
    EXPECT_DOUBLE_EQ(idle.cpu_percent, 50.5);
    EXPECT_EQ(idle.duration_usec, 77U);
    slots[0].stage = static_cast<std::uint32_t>(Stage::running);
    const SlotSnapshot busy = read_slot(slots[0], 1000);
    EXPECT_EQ(busy.memory_peak, 0U);
    EXPECT_DOUBLE_EQ(busy.cpu_percent, 0);
    EXPECT_EQ(busy.duration_usec, 600U);
}

TEST_F(Scoreboard, AWorkerThatDiedWhileWritingIsStillRead) {
    slots[0].generation = 7;
    std::strcpy(slots[0].uri, "/half");
    EXPECT_EQ(read_slot(slots[0], 1).uri, "/half");
}

TEST_F(Scoreboard, TheSnapshotCountsLiveWorkersAndKeepsWhatIsGone) {
    page->started_at = 100;
    page->departed_requests = 50;
    page->max_active = 1;
    page->slow_requests = 3;
    page->listen_queue_length = 511;
    page->live_mask[0] = 0b1011;
    slots[0].requests = 5;
    slots[1].requests = 6;
    slots[1].stage = static_cast<std::uint32_t>(Stage::running);
    slots[2].requests = 1000;  // has left: stands in departed_requests
    slots[3].stage = static_cast<std::uint32_t>(Stage::reading_headers);
    slots[3].pid = 42;
    const PoolSnapshot pool = take_snapshot("www", "dynamic", *page, all());
    EXPECT_EQ(pool.pool, "www");
    EXPECT_EQ(pool.process_manager, "dynamic");
    EXPECT_EQ(pool.accepted, 61U);
    EXPECT_EQ(pool.idle, 1U);
    EXPECT_EQ(pool.active, 2U);
    EXPECT_EQ(pool.max_active, 2U);
    EXPECT_EQ(pool.slow_requests, 3U);
    EXPECT_EQ(pool.listen_queue_length, 511U);
    EXPECT_EQ(pool.started_at, 100);
    ASSERT_EQ(pool.workers.size(), 3U);
    EXPECT_EQ(pool.workers[2].pid, 42);
}

TEST_F(Scoreboard, SumsDoNotWrapAndBitsWithoutASlotCountForNothing) {
    for (auto& mask : page->live_mask) mask = ~0ULL;
    for (std::size_t i = 0; i < 4; ++i) slots[i].requests = std::numeric_limits<std::uint64_t>::max();
    const PoolSnapshot pool = take_snapshot("www", "static", *page, all());
    EXPECT_EQ(pool.accepted, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(pool.workers.size(), 4U);
}

}  // namespace
}  // namespace phalanx::status

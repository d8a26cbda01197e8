#include "phalanx/link/pool_pages.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace phalanx::link {
namespace {

using base::WorkerSlot;

constexpr PoolPages::Layout layout{200, 128, 256};

class PoolPagesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto created = PoolPages::create(layout);
        ASSERT_TRUE(created) << created.error().text();
        pages_ = *std::move(created);
    }
    /// The template's view of the same memories.
    [[nodiscard]] PoolPages attached() const {
        auto pages = PoolPages::attach(pages_.workers_fd(), pages_.master_fd(), layout);
        EXPECT_TRUE(pages);
        return *std::move(pages);
    }
    PoolPages pages_;
};

TEST_F(PoolPagesTest, BeginZeroed) {
    for (const auto& word : pages_.workers().idle) EXPECT_EQ(word.load(), 0U);
    EXPECT_EQ(pages_.master().wake.load(), 0U);
    EXPECT_EQ(pages_.master().line.load(), 0U);
    EXPECT_EQ(pages_.master().draining.load(), 0U);
    for (const auto& count : pages_.master().control) EXPECT_EQ(count.load(), 0U);
    for (const std::byte byte : pages_.slot_area()) EXPECT_EQ(byte, std::byte{0});
}

TEST_F(PoolPagesTest, HaveRoomForTheScoreboard) {
    EXPECT_EQ(pages_.slot_area().size(), layout.slots * layout.slot_bytes);
    EXPECT_EQ(pages_.pool_area().size(), layout.pool_bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pages_.slot_area().data()) % 64, 0U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pages_.pool_area().data()) % 64, 0U);
}

TEST_F(PoolPagesTest, BothSidesSeeTheSameWords) {
    const PoolPages worker_side = attached();
    worker_side.set_idle(WorkerSlot(70));
    EXPECT_EQ(pages_.workers().idle[1].load(), std::uint64_t{1} << 6U);
    EXPECT_TRUE(pages_.take_idle(WorkerSlot(70)));
    EXPECT_FALSE(pages_.take_idle(WorkerSlot(70)));
    EXPECT_EQ(worker_side.workers().idle[1].load(), 0U);

    pages_.master().wake.store(1);
    pages_.master().control[199].store(7);
    EXPECT_EQ(worker_side.master().wake.load(), 1U);
    EXPECT_EQ(worker_side.master().control[199].load(), 7U);

    worker_side.slot_area().back() = std::byte{42};
    EXPECT_EQ(pages_.slot_area().back(), std::byte{42});
    pages_.pool_area().front() = std::byte{43};
    EXPECT_EQ(worker_side.pool_area().front(), std::byte{43});
}

TEST_F(PoolPagesTest, BitsOfOthersStayWhenOneChanges) {
    for (const std::uint16_t slot : std::array<std::uint16_t, 5>{0, 1, 63, 64, 199})
        pages_.set_idle(WorkerSlot(slot));
    for (const std::uint16_t slot : std::array<std::uint16_t, 2>{1, 64})
        EXPECT_TRUE(pages_.take_idle(WorkerSlot(slot)));
    EXPECT_FALSE(pages_.take_idle(WorkerSlot(65)));
    EXPECT_EQ(pages_.workers().idle[0].load(), 1U | std::uint64_t{1} << 63U);
    EXPECT_EQ(pages_.workers().idle[1].load(), 0U);
    EXPECT_EQ(pages_.workers().idle[3].load(), std::uint64_t{1} << 7U);
}

TEST_F(PoolPagesTest, LowestIdleIsTheLowestOfTheEligibleOnes) {
    std::uint64_t eligible[4] = {~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}};
    EXPECT_FALSE(pages_.lowest_idle(eligible));
    for (const std::uint16_t slot : std::array<std::uint16_t, 5>{199, 130, 64, 63, 5}) {
        pages_.set_idle(WorkerSlot(slot));
        EXPECT_EQ(pages_.lowest_idle(eligible), WorkerSlot(slot));
    }
    eligible[0] = ~(std::uint64_t{1} << 5U);
    EXPECT_EQ(pages_.lowest_idle(eligible), WorkerSlot(63));
    eligible[0] = 0;
    EXPECT_EQ(pages_.lowest_idle(eligible), WorkerSlot(64));
    eligible[1] = ~std::uint64_t{1};
    EXPECT_EQ(pages_.lowest_idle(eligible), WorkerSlot(130));
    eligible[2] = 0;
    EXPECT_EQ(pages_.lowest_idle(eligible), WorkerSlot(199));
    EXPECT_FALSE(pages_.lowest_idle(std::span(eligible).first(3)));
}

TEST_F(PoolPagesTest, OnlyTheMasterCanWriteItsPage) {
    const PoolPages worker_side = attached();
    MasterPage* page = &worker_side.master();
    EXPECT_EQ(::mprotect(page, sizeof(MasterPage), PROT_READ | PROT_WRITE), -1);
    EXPECT_EQ(errno, EACCES);
    EXPECT_EQ(::mmap(nullptr, sizeof(MasterPage), PROT_READ | PROT_WRITE, MAP_SHARED, pages_.master_fd(), 0),
              MAP_FAILED);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(::pwrite(pages_.master_fd(), "x", 1, 0), -1);
    EXPECT_EQ(errno, EPERM);
    pages_.master().line.store(3);
    EXPECT_EQ(worker_side.master().line.load(), 3U);
}

TEST_F(PoolPagesTest, NobodyCanChangeTheSizes) {
    for (const int fd : {pages_.workers_fd(), pages_.master_fd()}) {
        struct stat info {};
        ASSERT_EQ(::fstat(fd, &info), 0);
        for (const off_t size : {off_t{0}, info.st_size - 1, info.st_size + 1}) {
            EXPECT_EQ(::ftruncate(fd, size), -1) << size;
            EXPECT_EQ(errno, EPERM);
        }
    }
}

TEST(PoolPages, AttachRefusesWhatIsNoMemory) {
    EXPECT_FALSE(PoolPages::attach(-1, -1, layout));
}

}  // namespace
}  // namespace phalanx::link

#include "phalanx/os/own_memory.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::os {
namespace {

constexpr std::size_t kSize = 32U << 20;

char* touched_memory() {
    void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    std::memset(memory, 1, kSize);
    return static_cast<char*>(memory);
}

OwnMemory own() {
    const auto proc = open_directory("/proc");
    auto memory = OwnMemory::open(proc ? proc->get() : -1);
    return memory ? *std::move(memory) : OwnMemory();
}

TEST(OwnMemory, CountsWhatTheProcessHasWritten) {
    const OwnMemory memory = own();
    const auto bound = memory.at_most();
    const auto exact = memory.exactly();
    ASSERT_TRUE(bound && exact);
    char* block = touched_memory();
    ASSERT_NE(block, nullptr);
    EXPECT_GE(memory.at_most().value_or(0), *bound + kSize / 2);
    EXPECT_GE(memory.exactly().value_or(0), *exact + kSize / 2);
    ::munmap(block, kSize);
    EXPECT_LT(memory.exactly().value_or(~0ULL), *exact + kSize / 2);
}

TEST(OwnMemory, DoesNotCountWhatAForkSharesWithItsParent) {
    char* block = touched_memory();
    ASSERT_NE(block, nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const OwnMemory memory = own();
        const bool shares = memory.exactly().value_or(~0ULL) < kSize / 2;
        std::memset(block, 2, kSize);
        const bool has_own = memory.exactly().value_or(0) >= kSize / 2;
        ::_exit(shares && has_own && memory.at_most().value_or(0) >= kSize / 2 ? 0 : 1);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    ::munmap(block, kSize);
}

TEST(OwnMemory, IsUnknownWithoutProc) {
    EXPECT_FALSE(OwnMemory::open(-1).has_value());
    EXPECT_EQ(OwnMemory().at_most(), std::nullopt);
    EXPECT_EQ(OwnMemory().exactly(), std::nullopt);
}

}  // namespace
}  // namespace phalanx::os

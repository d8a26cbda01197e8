#include "phalanx/php/stack_walk.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace phalanx::php {
namespace {

constexpr std::size_t kMost = 20;

/// What any walk has to keep to, whatever it reads.
void expect_bounded(const Stack& stack) {
    EXPECT_LE(stack.frames.size(), kMost);
    EXPECT_LE(stack.script.size(), 1023U);
    for (const StackFrame& frame : stack.frames) {
        EXPECT_LE(frame.function.size(), 1023U);
        EXPECT_LE(frame.file.size(), 1023U);
    }
}

TEST(StackWalk, FailsWhereNothingCanBeRead) {
    const Stack stack = walk_stack([](std::uintptr_t, void*, std::size_t) { return false; }, kMost);
    EXPECT_TRUE(stack.failed);
    EXPECT_TRUE(stack.frames.empty());
}

TEST(StackWalk, FindsNothingWhereNothingRuns) {
    const Stack stack = walk_stack(
        [](std::uintptr_t, void* to, std::size_t size) {
            std::memset(to, 0, size);
            return true;
        },
        kMost);
    EXPECT_FALSE(stack.failed);
    EXPECT_TRUE(stack.frames.empty());
    EXPECT_EQ(stack.script, "");
}

/// Every pointer leads to itself: a stack without an end, and texts of any length.
TEST(StackWalk, EndsInMemoryThatLeadsInCircles) {
    for (const int byte : {0x01, 0x10, 0x41, 0x7f, 0xff}) {
        std::size_t reads = 0;
        const Stack stack = walk_stack(
            [&](std::uintptr_t, void* to, std::size_t size) {
                ++reads;
                std::memset(to, byte, size);
                return true;
            },
            kMost);
        expect_bounded(stack);
        EXPECT_LT(reads, 50'000U) << byte;
    }
}

TEST(StackWalk, EndsInGarbage) {
    std::mt19937_64 random(20'261'125);
    for (int run = 0; run < 2000; ++run) {
        std::size_t reads = 0;
        const std::size_t last = random() % 200;
        const Stack stack = walk_stack(
            [&](std::uintptr_t, void* to, std::size_t size) {
                auto* bytes = static_cast<unsigned char*>(to);
                for (std::size_t i = 0; i < size; ++i)
                    bytes[i] = static_cast<unsigned char>(random() % 4 == 0 ? random() : 0);
                return ++reads < last;
            },
            kMost);
        expect_bounded(stack);
    }
}

}  // namespace
}  // namespace phalanx::php

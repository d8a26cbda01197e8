#include "line_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace phalanx::log {
namespace {

/// Takes as many bytes as it is allowed to.
class Throttled : public Output {
  public:
    std::size_t write(std::string_view line) override {
        const std::size_t taken = std::min(line.size(), allowance);
        allowance -= taken;
        text += line.substr(0, taken);
        return taken;
    }
    int descriptor() const override { return -1; }

    std::size_t allowance = 0;
    std::string text;
};

class Queue : public testing::Test {
  protected:
    void allow(std::size_t bytes) {
        output.allowance = bytes;
        queue.flush(output);
    }
    LineQueue queue{20};
    Throttled output;
};

TEST_F(Queue, WritesThroughWhileItCan) {
    output.allowance = 100;
    queue.add("one\n", output);
    EXPECT_EQ(output.text, "one\n");
    EXPECT_TRUE(queue.is_empty());
}

TEST_F(Queue, KeepsOrderAndTheRestOfALine) {
    output.allowance = 2;
    queue.add("one\n", output);
    queue.add("two\n", output);
    EXPECT_EQ(output.text, "on");
    allow(3);
    EXPECT_EQ(output.text, "one\nt");
    queue.add("three\n", output);
    allow(100);
    EXPECT_EQ(output.text, "one\ntwo\nthree\n");
    EXPECT_TRUE(queue.is_empty());
    EXPECT_EQ(queue.take_lost(), 0U);
}

TEST_F(Queue, DropsAndCountsBeyondItsLimitUntilHalfIsWritten) {
    for (int i = 0; i < 4; ++i) queue.add("12345\n", output);
    queue.add("1\n", output);  // would fit, but must not overtake the gap
    EXPECT_EQ(queue.take_lost(), 0U);
    allow(6);
    EXPECT_EQ(queue.take_lost(), 0U);
    queue.add("1\n", output);
    allow(6);
    EXPECT_EQ(queue.take_lost(), 3U);
    EXPECT_EQ(queue.take_lost(), 0U);
    queue.add("more\n", output);
    allow(100);
    EXPECT_EQ(output.text, "12345\n12345\n12345\nmore\n");
}

TEST_F(Queue, ALineLongerThanTheLimitIsKeptWholeOnlyWhenNothingElseIs) {
    const std::string longest(50, 'x');
    output.allowance = 10;
    queue.add(longest, output);
    queue.add(longest, output);
    allow(1000);
    EXPECT_EQ(output.text, longest);
    EXPECT_EQ(queue.take_lost(), 1U);
}

TEST_F(Queue, ForAnotherOutputAPartialLineIsBegunAgain) {
    output.allowance = 2;
    queue.add("one\n", output);
    queue.begin_again();
    allow(100);
    EXPECT_EQ(output.text, "onone\n");
}

}  // namespace
}  // namespace phalanx::log

#include "line_mode.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

using std::chrono::microseconds;

constexpr microseconds tick{10'000};

TEST(LineMode, DependsOnHowLongTheLastWillWait) {
    struct Row {
        const char* what;
        LineMode present;
        LineView view;
        LineMode next;
    };
    const Row rows[] = {
        {"64 clients, 17 us each", LineMode::refill, {tick, 560, 62, 62}, LineMode::refill},
        {"all served within the time", LineMode::refill, {tick, 100, 100, 100}, LineMode::refill},
        {"one more than that", LineMode::refill, {tick, 100, 101, 101}, LineMode::line},
        {"a longer look, the same pace", LineMode::refill, {4 * tick, 400, 100, 100}, LineMode::refill},
        {"a longer look, a slower pace", LineMode::refill, {4 * tick, 100, 100, 100}, LineMode::line},
        {"nobody waits, but no worker moves", LineMode::refill, {tick, 0, 0, 0}, LineMode::line},
        {"somebody waits, no worker moves", LineMode::refill, {tick, 0, 1, 1}, LineMode::line},
        {"kept ones go before new ones", LineMode::refill, {tick, 500, 10, 1, 62}, LineMode::line},
        {"so few that new ones get their turn", LineMode::refill, {tick, 500, 10, 1, 61}, LineMode::refill},
        {"one of one", LineMode::refill, {tick, 1, 1, 1, 1}, LineMode::line},
        {"kept ones alone", LineMode::refill, {tick, 500, 10, 0, 500}, LineMode::refill},
        {"the line gets short", LineMode::line, {tick, 500, 10, 0}, LineMode::refill},
        {"256 clients, 33 us each with the master", LineMode::line, {tick, 300, 256, 0}, LineMode::refill},
        {"between the two bounds all stays as it is: line",
         LineMode::line,
         {tick, 100, 95, 0},
         LineMode::line},
        {"and refill", LineMode::refill, {tick, 100, 95, 95}, LineMode::refill},
        {"a short line of kept ones", LineMode::line, {tick, 500, 10, 0, 62}, LineMode::line},
        {"or of hardly any", LineMode::line, {tick, 500, 10, 0, 61}, LineMode::refill},
        {"256 clients, 40 us each", LineMode::refill, {tick, 250, 254, 254, 0, 4096}, LineMode::refill},
        {"and 80 us with the master", LineMode::line, {tick, 125, 254, 0, 0, 4096}, LineMode::refill},
        {"as many as may wait unseen", LineMode::refill, {tick, 250, 300, 300, 0, 300}, LineMode::refill},
        {"and one more", LineMode::refill, {tick, 250, 301, 301, 0, 300}, LineMode::line},
        {"a full line stays one", LineMode::line, {tick, 250, 300, 0, 0, 300}, LineMode::line},
        {"and goes when it is shorter", LineMode::line, {tick, 250, 270, 0, 0, 300}, LineMode::refill},
        {"half the kernel's queue", LineMode::refill, {tick, 2500, 64, 64, 0, 4096, 128}, LineMode::refill},
        {"more than half", LineMode::refill, {tick, 2500, 65, 65, 0, 4096, 128}, LineMode::line},
        {"hardly less in the line", LineMode::line, {tick, 2500, 60, 0, 0, 4096, 128}, LineMode::line},
        {"less", LineMode::line, {tick, 2500, 58, 0, 0, 4096, 128}, LineMode::refill},
        {"quick, but for long", LineMode::refill, {tick, 250, 1251, 1251, 0, 4096}, LineMode::line},
        {"not quick", LineMode::refill, {tick, 50, 51, 51, 0, 4096}, LineMode::line},
        {"nothing moves in the line", LineMode::line, {tick, 0, 0, 0}, LineMode::line},
    };
    for (const Row& row : rows) EXPECT_EQ(decide_line_mode(row.present, row.view), row.next) << row.what;
}

TEST(LineMode, BearsWhateverWorkersCount) {
    for (const std::uint64_t begun : {~std::uint64_t{0}, std::uint64_t{1} << 63U, std::uint64_t{1}})
        (void)decide_line_mode(LineMode::refill, {tick, begun, 4096, 4096});
}

}  // namespace
}  // namespace phalanx::master

#include "jobs_ahead.hpp"

#include <gtest/gtest.h>

namespace phalanx::master {
namespace {

using base::WorkerSlot;
using std::chrono::microseconds;

constexpr microseconds tick{10'000};
constexpr WorkerSlot first(0);
constexpr WorkerSlot second(1);

/// How many the worker gets until it wants no more.
std::uint64_t given_to(JobsAhead& ahead, WorkerSlot worker, std::uint64_t begun) {
    std::uint64_t given = 0;
    for (; given < 100 && ahead.is_wanted_by(worker, begun); ++given) ahead.sent(worker, begun);
    return given;
}

TEST(JobsAhead, AreNoneBeforeThePaceIsKnown) {
    JobsAhead ahead(2, 0);
    EXPECT_FALSE(ahead.are_given());
    EXPECT_FALSE(ahead.is_wanted_by(first, 0));
}

TEST(JobsAhead, AreWorthAMillisecond) {
    struct Row {
        std::uint64_t begun;  // within 10 ms, by two workers
        std::uint64_t given;
    };
    for (const Row& row :
         {Row{0, 0}, Row{5, 0}, Row{19, 0}, Row{20, 1}, Row{60, 3}, Row{160, 8}, Row{2000, 8}}) {
        JobsAhead ahead(2, 0);
        ahead.pace_is(tick, row.begun, 2);
        EXPECT_EQ(ahead.are_given(), row.given > 0) << row.begun;
        EXPECT_EQ(given_to(ahead, first, 7), row.given) << row.begun;
    }
}

TEST(JobsAhead, AreFilledUpAsTheyAreBegun) {
    JobsAhead ahead(2, 0);
    ahead.pace_is(tick, 2000, 2);
    EXPECT_EQ(given_to(ahead, first, 7), 8u);
    EXPECT_EQ(given_to(ahead, first, 10), 3u);
    EXPECT_EQ(given_to(ahead, second, 0), 8u);
    // Others that it has taken by itself leave more room, never less.
    EXPECT_EQ(given_to(ahead, first, 500), 8u);
}

TEST(JobsAhead, KeepTheirWorkerBusyUntilTheyAreBegun) {
    constexpr microseconds last{16};
    constexpr microseconds each = last + JobsAhead::between_requests;
    JobsAhead ahead(2, 0);
    ahead.pace_is(tick, 2000, 2);
    EXPECT_EQ(ahead.busy_for(first, 7, last), microseconds(0));
    EXPECT_EQ(given_to(ahead, first, 7), 8u);
    EXPECT_EQ(ahead.busy_for(first, 7, last), 8 * each);
    EXPECT_EQ(ahead.busy_for(first, 12, last), 3 * each);
    EXPECT_EQ(ahead.busy_for(first, 500, last), microseconds(0)) << "it has taken others by itself";
    EXPECT_EQ(ahead.busy_for(second, 0, last), microseconds(0));
    // A number that goes back (the page is the worker's) does not make it busy for longer than all there can
    // be.
    EXPECT_EQ(ahead.busy_for(first, 0, last), JobsAhead::most_jobs * each);
}

TEST(JobsAhead, GoToNobodyWhoWasFoundStuckUntilItBeginsAnother) {
    JobsAhead ahead(2, 0);
    ahead.pace_is(tick, 2000, 2);
    EXPECT_EQ(given_to(ahead, first, 7), 8u);
    ahead.came_back(first, 7);
    EXPECT_EQ(given_to(ahead, first, 7), 0u);
    EXPECT_EQ(given_to(ahead, second, 7), 8u);
    EXPECT_EQ(given_to(ahead, first, 8), 8u);
    ahead.came_back(first, 8);
    ahead.joined(first);
    EXPECT_EQ(given_to(ahead, first, 0), 8u) << "a new worker";
}

TEST(JobsAhead, GoToNobodyWhoMayLeaveBeforeThem) {
    struct Row {
        std::uint64_t most_requests;
        std::uint64_t begun;
        std::uint64_t given;
    };
    for (const Row& row : {Row{1, 1, 0}, Row{9, 7, 2}, Row{9, 9, 0}, Row{40, 1, 8}, Row{40, 30, 6},
                           Row{40, 36, 0}, Row{40, 39, 0}, Row{0, 1'000'000, 8}}) {
        JobsAhead ahead(1, row.most_requests);
        ahead.pace_is(tick, 2000, 1);
        EXPECT_EQ(given_to(ahead, first, row.begun), row.given) << row.most_requests << ", " << row.begun;
    }
}

TEST(JobsAhead, AreBoundedWhateverAWorkerSaysOfItself) {
    JobsAhead ahead(1, 0);
    ahead.pace_is(tick, ~std::uint64_t{0}, 1);
    EXPECT_LE(given_to(ahead, first, ~std::uint64_t{0} - 3), 100u);
    ahead.pace_is(microseconds(0), 5, 0);
    EXPECT_LE(given_to(ahead, first, 5), 8u);
}

}  // namespace
}  // namespace phalanx::master

#include "phalanx/status/slot_writer.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "phalanx/base/clock.hpp"

namespace phalanx::status {
namespace {

class SlotWriterTest : public testing::Test {
  protected:
    [[nodiscard]] SlotSnapshot read() const { return read_slot(slot, base::monotonic_usec()); }
    SlotPage slot{};
    SlotWriter writer{slot};
};

TEST_F(SlotWriterTest, ANewWorkerWipesTheOneBefore) {
    std::memset(static_cast<void*>(&slot), 'x', sizeof slot);
    for (char* end : {slot.method + sizeof slot.method, slot.uri + sizeof slot.uri}) end[-1] = '\0';
    writer.start(123);
    EXPECT_EQ(slot.generation % 2, 0U);
    const SlotSnapshot copy = read();
    EXPECT_EQ(copy.pid, 123);
    EXPECT_EQ(copy.stage, Stage::idle);
    EXPECT_EQ(copy.requests, 0U);
    EXPECT_EQ(copy.memory_peak, 0U);
    EXPECT_EQ(copy.method + copy.uri + copy.query + copy.user + copy.script, "");
    EXPECT_NEAR(static_cast<double>(copy.started_at), static_cast<double>(base::wall_seconds()), 2);
}

TEST_F(SlotWriterTest, ARequestGoesThroughItsStages) {
    writer.start(1);
    writer.begin_reading();
    EXPECT_EQ(read().stage, Stage::reading_headers);
    EXPECT_EQ(read().requests, 1U);
    EXPECT_EQ(slot.accepted_usec, writer.begun_usec());
    EXPECT_EQ(slot.request_wall, writer.begun_wall());
    writer.got_head(7, 1500);
    EXPECT_EQ(read().request_id, 7);
    EXPECT_EQ(read().waited_usec, 1500U);
    EXPECT_EQ(writer.waited_usec(), 1500U);
    writer.got_request({"POST", "/a.php", "q=1", "joe", "/srv/a.php", 17});
    SlotSnapshot copy = read();
    EXPECT_EQ(copy.stage, Stage::getting_information);
    EXPECT_EQ(copy.method, "POST");
    EXPECT_EQ(copy.uri, "/a.php");
    EXPECT_EQ(copy.query, "q=1");
    EXPECT_EQ(copy.user, "joe");
    EXPECT_EQ(copy.script, "/srv/a.php");
    EXPECT_EQ(copy.content_length, 17U);
    writer.running();
    EXPECT_EQ(read().stage, Stage::running);
    EXPECT_EQ(slot.answer, 0U);
    writer.answer_begins();
    EXPECT_EQ(slot.answer, 1U);
    writer.finishing();
    EXPECT_EQ(read().stage, Stage::finishing);
    writer.ending({.memory_peak = 2097152, .cpu_usec = 0});
    EXPECT_EQ(read().stage, Stage::ending);
    writer.idle();
    copy = read();
    EXPECT_EQ(copy.stage, Stage::idle);
    EXPECT_EQ(copy.memory_peak, 2097152U);
    EXPECT_EQ(copy.uri, "/a.php");
    EXPECT_EQ(copy.waited_usec, 1500U);

    writer.begin_reading();
    copy = read();
    EXPECT_EQ(copy.waited_usec, 0U);
    EXPECT_EQ(copy.requests, 2U);
    EXPECT_EQ(copy.method + copy.uri + copy.query + copy.user + copy.script, "");
    EXPECT_EQ(slot.answer, 0U);
}

TEST_F(SlotWriterTest, CpuIsTheShareOfTheRequestsTime) {
    writer.start(1);
    writer.begin_reading();
    while (base::monotonic_usec() - writer.begun_usec() < 1000) {
    }
    writer.ending({.memory_peak = 0, .cpu_usec = 500});
    writer.idle();
    const SlotSnapshot copy = read();
    EXPECT_GE(copy.duration_usec, 1000U);
    EXPECT_NEAR(copy.cpu_percent, 50000.0 / static_cast<double>(copy.duration_usec), 0.1);
}

TEST_F(SlotWriterTest, ARequestThatNeverRanLeavesItsOwnNumbersOnly) {
    writer.start(1);
    writer.begin_reading();
    writer.ending({.memory_peak = 4096, .cpu_usec = 0});
    writer.idle();
    slot.duration_usec = 99'999'999;
    writer.begin_reading();
    writer.idle();
    EXPECT_EQ(read().memory_peak, 0U);
    EXPECT_LT(slot.duration_usec, 99'999'999U);
}

TEST_F(SlotWriterTest, LongTextsAreCutAndZeroBytesEndThem) {
    writer.start(1);
    const std::string longest(2000, 'a');
    writer.got_request({longest, longest, longest, longest, longest, 0});
    SlotSnapshot copy = read();
    EXPECT_EQ(copy.method.size(), 15U);
    EXPECT_EQ(copy.uri.size(), 127U);
    EXPECT_EQ(copy.query.size(), 511U);
    EXPECT_EQ(copy.user.size(), 31U);
    EXPECT_EQ(copy.script.size(), 255U);
    writer.got_request({"GET", std::string_view("/a\0b", 4), {}, {}, {}, 0});
    EXPECT_EQ(read().uri, "/a");
    EXPECT_EQ(read().query, "");
}

}  // namespace
}  // namespace phalanx::status

#include "phalanx/log/slow_log.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace phalanx::log {
namespace {

class SlowLogEntryTest : public testing::Test {
  protected:
    void SetUp() override {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
    }
    static SlowLogEntry entry() { return {1'795'340'774, "www", 27681}; }
    /// What follows the two first lines.
    static std::string rest(const SlowLogEntry& entry) {
        const std::string& text = entry.text();
        return text.substr(text.find('\n', 1) + 1);
    }
};

TEST_F(SlowLogEntryTest, HasPhpFpmsForm) {
    SlowLogEntry slow = entry();
    slow.set_script("/var/www/html/slow.php");
    slow.add_frame(0x7f66e9615180, "sleep", "/var/www/html/slow.php", 3);
    EXPECT_EQ(slow.text(),
              "\n[22-Nov-2026 09:46:14]  [pool www] pid 27681\n"
              "script_filename = /var/www/html/slow.php\n"
              "[0x00007f66e9615180] sleep() /var/www/html/slow.php:3\n");
}

TEST_F(SlowLogEntryTest, SaysWhereItCouldNotGoOn) {
    SlowLogEntry slow = entry();
    slow.add_failure();
    EXPECT_EQ(rest(slow), "+++ dump failed\n");
}

TEST_F(SlowLogEntryTest, KeepsEveryTextOnItsLine) {
    SlowLogEntry slow = entry();
    slow.set_script("/a\n[fake]");
    slow.add_frame(1, "f\r\n", "/\x1b[31m", 0);
    EXPECT_EQ(rest(slow),
              "script_filename = /a\\x0A[fake]\n[0x0000000000000001] f\\x0D\\x0A() /\\x1B[31m:0\n");
}

TEST_F(SlowLogEntryTest, IsBounded) {
    SlowLogEntry slow = entry();
    const std::string name(4096, 'n');
    for (int i = 0; i < 1000; ++i) slow.add_frame(1, name, name, 1);
    EXPECT_LE(slow.text().size(), SlowLogEntry::max_text);
    EXPECT_EQ(slow.text().back(), '\n');
}

}  // namespace
}  // namespace phalanx::log

#include "phalanx/log/error_log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "line_formatter.hpp"
#include "temp_dir.hpp"

namespace phalanx::log {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr const char* stamp = "\\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\\] ";

std::array<int, 2> reading_pipe() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    return fds;
}

class ErrorLogTest : public testing::Test {
  protected:
    [[nodiscard]] std::string written() const { return contents(path); }
    TempDir dir;
    std::string path = dir.file("error.log");
    FdPair standard_error{reading_pipe()};
    ErrorLog log{standard_error.writer()};
};

TEST_F(ErrorLogTest, LinesArePhpFpms) {
    ASSERT_TRUE(log.open_file(path));
    log.notice("fpm is running, pid 21084");
    EXPECT_THAT(written(), MatchesRegex(std::string(stamp) + "NOTICE: fpm is running, pid 21084\n"));
    log.pool("www").warning("child 1 exited with code 70");
    log.error("no");
    log.alert("dear");
    EXPECT_THAT(written(),
                ContainsRegex(std::string(stamp) + "WARNING: \\[pool www\\] child 1 exited with code 70\n" +
                              stamp + "ERROR: no\n" + stamp + "ALERT: dear\n$"));
}

TEST_F(ErrorLogTest, TheTimeIsLocal) {
    ::setenv("TZ", "EAST-5", 1);
    ::tzset();
    spdlog::memory_buf_t line;
    const spdlog::log_clock::time_point moment{std::chrono::seconds(1795340611)};
    LineFormatter({}).format({moment, {}, "x", spdlog::level::warn, "text"}, line);
    EXPECT_EQ(std::string(line.data(), line.size()), "[22-Nov-2026 14:43:31] WARNING: text\n");
    ::setenv("TZ", "UTC0", 1);
    ::tzset();
}

TEST_F(ErrorLogTest, LevelsBelowTheOneSetAreLeftOut) {
    ASSERT_TRUE(log.open_file(path));
    log.debug("hidden");
    log.set_level(Level::error);
    log.warning("hidden");
    log.pool("www").notice("hidden");
    log.error("shown");
    EXPECT_FALSE(log.enabled(Level::warning));
    EXPECT_TRUE(log.enabled(Level::error));
    EXPECT_THAT(written(), Not(HasSubstr("hidden")));
    EXPECT_THAT(written(), EndsWith("ERROR: shown\n"));
}

TEST_F(ErrorLogTest, DebugTellsWhereEachLineComesFrom) {
    log.set_level(Level::debug);
    ASSERT_TRUE(log.open_file(path));
    log.notice("ready");
    log.pool("www").debug("detail");
    const std::string detail_line = std::to_string(__LINE__ - 1);
    EXPECT_THAT(written(),
                MatchesRegex("\\[.{20}\\.[0-9]{6}\\] NOTICE: pid [0-9]+, TestBody\\(\\), line [0-9]+: ready\n"
                             "\\[.{20}\\.[0-9]{6}\\] DEBUG: pid [0-9]+, TestBody\\(\\), line [0-9]+: "
                             "\\[pool www\\] detail\n"));
    EXPECT_THAT(written(), HasSubstr("pid " + std::to_string(::getpid()) + ", TestBody(), line " +
                                     detail_line + ": [pool"));
    EXPECT_THAT(standard_error.read_all(), Not(HasSubstr("detail")));
}

TEST_F(ErrorLogTest, UntilStartUpIsCompleteNoticesAreCopiedToStandardError) {
    log.notice("before any file");
    ASSERT_TRUE(log.open_file(path));
    EXPECT_THAT(standard_error.read_all(), EndsWith("NOTICE: before any file\n"));
    EXPECT_EQ(written(), "");
    log.notice("both");
    EXPECT_THAT(standard_error.read_all(), MatchesRegex(std::string(stamp) + "NOTICE: both\n"));
    EXPECT_THAT(written(), EndsWith("both\n"));
    log.end_start_up();
    log.notice("file only");
    EXPECT_EQ(standard_error.read_all(), "");
    EXPECT_THAT(written(), EndsWith("file only\n"));
}

TEST_F(ErrorLogTest, OnlyCopiesOfTheAskedLevelGoToStandardError) {
    ASSERT_TRUE(log.open_file(path));
    log.copy_from(Level::warning);
    log.notice("file only");
    EXPECT_EQ(standard_error.read_all(), "");
    log.warning("both");
    EXPECT_THAT(standard_error.read_all(), EndsWith("WARNING: both\n"));
    EXPECT_THAT(written(), EndsWith("WARNING: both\n"));
}

TEST_F(ErrorLogTest, AFileThatIsStandardErrorGetsEachLineOnce) {
    ASSERT_TRUE(log.open_file("/proc/self/fd/" + std::to_string(standard_error.writer())));
    log.notice("once");
    EXPECT_THAT(standard_error.read_all(), MatchesRegex(std::string(stamp) + "NOTICE: once\n"));
    ASSERT_TRUE(log.reopen());
    log.notice("again");
    EXPECT_THAT(standard_error.read_all(), MatchesRegex(std::string(stamp) + "NOTICE: again\n"));
}

TEST_F(ErrorLogTest, ADescriptorIsWrittenToWithoutCopies) {
    const FdPair other(reading_pipe());
    log.use_descriptor(other.writer());
    log.notice("there");
    EXPECT_THAT(other.read_all(), EndsWith("NOTICE: there\n"));
    EXPECT_EQ(standard_error.read_all(), "");
}

TEST_F(ErrorLogTest, ReopeningFollowsARenamedFile) {
    ASSERT_TRUE(log.open_file(path));
    log.notice("old");
    std::filesystem::rename(path, dir.file("rotated"));
    log.notice("still old");
    ASSERT_TRUE(log.reopen());
    log.notice("new");
    EXPECT_THAT(contents(dir.file("rotated")), EndsWith("still old\n"));
    EXPECT_THAT(written(), MatchesRegex(std::string(stamp) + "NOTICE: new\n"));
}

TEST_F(ErrorLogTest, AFailedReopeningChangesNothing) {
    ASSERT_TRUE(log.open_file(path));
    std::filesystem::rename(path, dir.file("rotated"));
    std::filesystem::create_directory(path);
    const auto result = log.reopen();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().text(), "failed to open error_log (" + path + "): Is a directory (21)");
    log.notice("goes on");
    EXPECT_THAT(contents(dir.file("rotated")), EndsWith("goes on\n"));
}

TEST_F(ErrorLogTest, ControlBytesAreEscapedWhoeverForgotTo) {
    ASSERT_TRUE(log.open_file(path));
    log.warning("a\n[22-Nov-2026 00:00:00] ALERT: forged\t\x1B");
    log.raw("b\n\x1B[31mc");
    EXPECT_THAT(written(),
                EndsWith("WARNING: a\\x0A[22-Nov-2026 00:00:00] ALERT: forged\t\\x1B\nb\\x0A\x1B[31mc\n"));
}

TEST_F(ErrorLogTest, RawLinesHaveNoPrefixAndKnowNoLevel) {
    ASSERT_TRUE(log.open_file(path));
    log.set_level(Level::alert);
    log.raw("worker speaking {}");
    EXPECT_EQ(written(), "worker speaking {}\n");
    EXPECT_EQ(standard_error.read_all(), "");
}

TEST_F(ErrorLogTest, OwnMessagesAreNotCutBeforeTheNamedLimit) {
    ASSERT_TRUE(log.open_file(path));
    log.end_start_up();
    log.notice(std::string(10'000, 'x'));
    EXPECT_EQ(written().size(), 31U + 10'000 + 1);
    log.notice(std::string(ErrorLog::max_text + 1, 'y'));
    EXPECT_THAT(written(), EndsWith(std::string(ErrorLog::max_text, 'y') + "...\n"));
}

TEST_F(ErrorLogTest, ThePrefixSizeIsWhatIsWritten) {
    EXPECT_EQ(log.prefix_size(Level::warning), 32U);
    ASSERT_TRUE(log.open_file(path));
    log.warning("");
    EXPECT_EQ(written().size(), log.prefix_size(Level::warning) + 1);
    log.use_syslog("php-fpm", LOG_DAEMON, dir.file("nowhere"));
    EXPECT_EQ(log.prefix_size(Level::warning), std::string_view("[WARNING] ").size());
}

TEST_F(ErrorLogTest, AReaderThatStopsLosesLinesButNobodyWaits) {
    const FdPair slow(reading_pipe());
    ASSERT_EQ(::fcntl(slow.writer(), F_SETPIPE_SZ, 4096), 4096);
    log.use_descriptor(slow.writer());
    const std::string text(1000, 'x');
    const int count = 1000;
    for (int i = 0; i < count; ++i) log.notice(std::to_string(i) + text);
    EXPECT_FALSE(log.flush());
    std::string read = slow.read_all();
    for (int i = 0; i < count && !log.flush(); ++i) read += slow.read_all();
    read += slow.read_all();
    log.notice("the end");
    read += slow.read_all();

    // What was kept, the line about the gap and the last line; not shown when wrong, being 256 KB.
    const auto lines = std::count(read.begin(), read.end(), '\n');
    EXPECT_GT(lines, 200);
    EXPECT_LT(lines, 300);
    const auto gap = read.find("WARNING: " + std::to_string(count - (lines - 2)) +
                               " lines of this log were lost: nobody took them in time\n");
    EXPECT_NE(gap, read.npos);
    read.erase(0, gap);
    EXPECT_THAT(read, EndsWith("NOTICE: the end\n"));
    EXPECT_TRUE(log.flush());
}

TEST_F(ErrorLogTest, SyslogGetsTheMessagesOwnPriority) {
    const int server = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    dir.file("dev-log").copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    std::array<char, 1000> buffer;
    const auto received = [&] {
        const ssize_t n = ::recv(server, buffer.data(), buffer.size(), 0);
        return std::string(buffer.data(), n < 0 ? 0 : static_cast<std::size_t>(n));
    };

    log.use_syslog("php-fpm", LOG_DAEMON, dir.file("dev-log"));
    log.warning("careful");
    const std::string pid = std::to_string(::getpid());
    EXPECT_THAT(received(), MatchesRegex("<28>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} php-fpm\\[" + pid +
                                         "\\]: \\[WARNING\\] careful"));
    log.alert("now");
    EXPECT_THAT(received(), StartsWith("<25>"));
    log.raw("worker");
    EXPECT_THAT(received(), EndsWith("php-fpm[" + pid + "]: worker"));
    EXPECT_EQ(standard_error.read_all(), "[WARNING] careful\n[ALERT] now\n");
    ::close(server);
}

TEST_F(ErrorLogTest, LeadsStandardErrorAlongWhenItIsOpenedAgain) {
    ASSERT_TRUE(log.open_file(path));
    log.end_start_up();
    log.take_standard_error(ErrorLog::Former::kept);
    const auto print = [this](std::string_view text) {
        EXPECT_EQ(::write(standard_error.writer(), text.data(), text.size()),
                  static_cast<ssize_t>(text.size()));
    };
    print("first\n");
    EXPECT_THAT(written(), EndsWith("first\n"));
    std::filesystem::rename(path, path + ".1");
    ASSERT_TRUE(log.reopen());
    print("second\n");
    log.notice("third");
    EXPECT_THAT(contents(path + ".1"), EndsWith("first\n"));
    EXPECT_THAT(written(), MatchesRegex("second\n" + std::string(stamp) + "NOTICE: third\n"));
    EXPECT_EQ(standard_error.read_all(), "");
}

TEST_F(ErrorLogTest, LeadsStandardErrorAlongToAnotherFile) {
    ASSERT_TRUE(log.open_file(path));
    log.take_standard_error(ErrorLog::Former::kept);
    ASSERT_TRUE(log.open_file(path + ".other"));
    EXPECT_EQ(::write(standard_error.writer(), "x\n", 2), 2);
    EXPECT_THAT(contents(path + ".other"), EndsWith("x\n"));
    log.use_syslog("php-fpm", LOG_DAEMON, dir.file("no-log"));
    EXPECT_EQ(::write(standard_error.writer(), "y\n", 2), 2);
    EXPECT_THAT(contents(path + ".other"), EndsWith("x\n"));
    EXPECT_EQ(standard_error.read_all(), "");
}

TEST_F(ErrorLogTest, KeepsStandardErrorWhereItLedWhenReopeningFails) {
    std::filesystem::create_directory(dir.file("logs"));
    path = dir.file("logs/error.log");
    ASSERT_TRUE(log.open_file(path));
    log.take_standard_error(ErrorLog::Former::kept);
    std::filesystem::rename(dir.file("logs"), dir.file("gone"));
    EXPECT_FALSE(log.reopen());
    EXPECT_EQ(::write(standard_error.writer(), "x\n", 2), 2);
    EXPECT_EQ(contents(dir.file("gone/error.log")), "x\n");
}

TEST_F(ErrorLogTest, AnEmptyLineGoesWhereNoticesGo) {
    ASSERT_TRUE(log.open_file(path));
    log.empty_line();
    EXPECT_EQ(written(), "\n");
    EXPECT_EQ(standard_error.read_all(), "\n");
    log.set_level(Level::warning);
    log.empty_line();
    EXPECT_EQ(written(), "\n");
}

TEST(LevelName, IsPhpFpms) {
    EXPECT_EQ(level_name(Level::debug), "DEBUG");
    EXPECT_EQ(level_name(Level::alert), "ALERT");
}

}  // namespace
}  // namespace phalanx::log

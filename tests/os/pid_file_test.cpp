#include "phalanx/os/pid_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/temp_dir.hpp"

namespace phalanx::os {
namespace {

namespace fs = std::filesystem;

class PidFile : public testing::Test {
  protected:
    PidFile() { std::ofstream(other_) << "precious"; }

    static std::string content(const fs::path& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void expect_written_and_nothing_else() const {
        EXPECT_EQ(content(path_), std::to_string(::getpid()));
        EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path_)));
        EXPECT_EQ(content(other_), "precious");
        EXPECT_TRUE(is_own_pid_file(path_));
    }

    const harness::TempDir files_;
    const fs::path folder_ = files_.path();
    const fs::path path_ = folder_ / "master.pid";
    const fs::path other_ = folder_ / "other";
};

TEST_F(PidFile, HasThisProcesssNumber) {
    ASSERT_TRUE(write_pid_file(path_));
    expect_written_and_nothing_else();
    struct stat file {};
    ASSERT_EQ(::stat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0022U, 0U);
    ASSERT_TRUE(remove_pid_file(path_));
    EXPECT_FALSE(fs::exists(path_));
    EXPECT_FALSE(remove_pid_file(path_));
    EXPECT_FALSE(is_own_pid_file(path_));
}

/// Whoever owns the folder may have put anything there.
TEST_F(PidFile, ReplacesWhatIsThere) {
    fs::create_symlink(other_, path_);
    EXPECT_FALSE(is_own_pid_file(path_));
    ASSERT_TRUE(write_pid_file(path_));
    expect_written_and_nothing_else();

    fs::remove(path_);
    fs::create_hard_link(other_, path_);
    ASSERT_TRUE(write_pid_file(path_));
    expect_written_and_nothing_else();

    fs::remove(path_);
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    ASSERT_TRUE(write_pid_file(path_)) << "it waits for a reader, or fails";
    expect_written_and_nothing_else();

    std::ofstream(path_) << "an older, longer number: 123456789";
    fs::permissions(path_, fs::perms::owner_all);
    ASSERT_TRUE(write_pid_file(path_));
    expect_written_and_nothing_else();
}

TEST_F(PidFile, MayBeADeviceThatStays) {
    ASSERT_TRUE(write_pid_file("/dev/null"));
    ASSERT_TRUE(remove_pid_file("/dev/null"));
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(PidFile, ThatCannotBeMadeIsAnErrorInPhpFpmsWords) {
    const auto written = write_pid_file(folder_ / "none" / "master.pid");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().text(), "Unable to create the PID file (" + (folder_ / "none").string() +
                                          "/master.pid).: No such file or directory (2)");
    ASSERT_TRUE(fs::create_directory(path_));
    EXPECT_FALSE(write_pid_file(path_));
    EXPECT_TRUE(fs::is_directory(path_));
}

TEST_F(PidFile, IsTheSameUnderAnotherName) {
    ASSERT_TRUE(write_pid_file(path_));
    fs::create_directory_symlink(folder_, folder_ / "alias");
    EXPECT_TRUE(are_same_file(path_, folder_ / "alias" / "master.pid"));
    EXPECT_FALSE(are_same_file(path_, other_));
    EXPECT_FALSE(are_same_file(path_, ""));
}

}  // namespace
}  // namespace phalanx::os

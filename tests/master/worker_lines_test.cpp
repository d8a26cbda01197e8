#include "worker_lines.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace phalanx::master {
namespace {

class WorkerLinesTest : public testing::Test {
  protected:
    WorkerLinesTest() {
        EXPECT_EQ(::pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0);
        error_log_.use_descriptor(ends_[1]);
    }
    ~WorkerLinesTest() override {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    /// What has been written since the last look.
    std::string written() {
        char room[65536];
        const ssize_t size = ::read(ends_[0], room, sizeof room);
        return size > 0 ? std::string(room, static_cast<std::size_t>(size)) : std::string();
    }
    int ends_[2] = {-1, -1};
    log::ErrorLog error_log_;
    WorkerLines lines_{error_log_};
};

TEST_F(WorkerLinesTest, WaitForTheirReleaseAndKeepTheirOrder) {
    lines_.hold();
    lines_.write(WorkerLines::Form::raw, "first");
    lines_.write(WorkerLines::Form::warning, "second");
    EXPECT_EQ(written(), "");
    lines_.release();
    const std::string text = written();
    EXPECT_EQ(text.find("first"), 0u) << text;
    EXPECT_LT(text.find("WARNING: second"), text.size()) << text;
    lines_.write(WorkerLines::Form::raw, "third");
    EXPECT_NE(written().find("third"), std::string::npos);
}

TEST_F(WorkerLinesTest, WaitNoLongerOnceTheyAreTooMany) {
    lines_.hold();
    int count = 0;
    while (count < 100'000 && written().empty()) {
        lines_.write(WorkerLines::Form::raw, "x");
        ++count;
    }
    EXPECT_GT(count, 1);
    EXPECT_LT(count, 10'000);
}

}  // namespace
}  // namespace phalanx::master

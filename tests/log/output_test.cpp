#include "output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <climits>

#include "temp_dir.hpp"

namespace phalanx::log {
namespace {

std::array<int, 2> small_pipe() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    EXPECT_GE(::fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
    return fds;
}

std::array<int, 2> socket_pair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
    EXPECT_EQ(::fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    return fds;
}

int flags_of(int fd) {
    return ::fcntl(fd, F_GETFL);
}

TEST(DescriptorOutput, AFileIsAppendedToAndIsItsOwnersAlone) {
    const TempDir dir;
    const std::string path = dir.file("log");
    for (const char* line : {"one\n", "two\n"}) {
        const auto output = DescriptorOutput::open(path);
        ASSERT_TRUE(output);
        EXPECT_EQ((*output)->write(line), 4U);
        EXPECT_NE(::fcntl((*output)->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
    }
    EXPECT_EQ(contents(path), "one\ntwo\n");
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST(DescriptorOutput, AFileThatCannotBeOpenedIsAnErrorWithItsReason) {
    const TempDir dir;
    const std::string path = dir.file("no/log");
    const auto output = DescriptorOutput::open(path);
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().text(),
              "failed to open error_log (" + path + "): No such file or directory (2)");
}

TEST(DescriptorOutput, ANamedPipeWithoutAReaderDoesNotHoldUpTheOpening) {
    const TempDir dir;
    ASSERT_EQ(::mkfifo(dir.file("fifo").c_str(), 0600), 0);
    const auto output = DescriptorOutput::open(dir.file("fifo"));
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().code, ENXIO);
}

TEST(DescriptorOutput, AFullPipeTakesNoMoreAndIsNotWaitedFor) {
    const FdPair pipe(small_pipe());
    const auto output = DescriptorOutput::borrow(pipe.writer());
    const std::string line(3000, 'x');
    std::size_t taken = output->write(line);
    EXPECT_EQ(taken, 3000U);
    for (int i = 0; i < 10; ++i) taken += output->write(line);
    EXPECT_LT(taken, 10000U);
    EXPECT_EQ(pipe.read_all().size(), taken);
    EXPECT_EQ(output->write(line), 3000U);
    EXPECT_EQ(flags_of(pipe.writer()) & O_NONBLOCK, 0) << "the descriptor is shared with others";
}

TEST(DescriptorOutput, APipeWithoutItsReaderTakesNothingAndRaisesNoSignal) {
    FdPair pipe(small_pipe());
    const auto output = DescriptorOutput::borrow(pipe.writer());
    pipe.close_reader();
    EXPECT_EQ(output->write("line\n"), 0U);
}

TEST(DescriptorOutput, ASocketIsNotWaitedFor) {
    FdPair sockets(socket_pair());
    const auto output = DescriptorOutput::borrow(sockets.writer());
    EXPECT_EQ(output->write("line\n"), 5U);
    EXPECT_EQ(sockets.read_all(), "line\n");
    const std::string big(1 << 20, 'x');
    std::size_t taken = 0;
    for (int i = 0; i < 8; ++i) taken += output->write(big);
    EXPECT_LT(taken, 8 * big.size());
    sockets.close_reader();
    EXPECT_EQ(output->write("line\n"), 0U);
}

TEST(DescriptorOutput, APathMayNameADescriptor) {
    const FdPair pipe(small_pipe());
    const FdPair sockets(socket_pair());
    for (const FdPair* pair : {&pipe, &sockets}) {
        for (const char* folder : {"/proc/self/fd/", "/dev/fd/"}) {
            const auto output = DescriptorOutput::open(fmt::format("{}{}", folder, pair->writer()));
            ASSERT_TRUE(output) << output.error().text();
            EXPECT_NE((*output)->descriptor(), pair->writer());
            EXPECT_EQ((*output)->write("line\n"), 5U);
            EXPECT_EQ(pair->read_all(), "line\n");
        }
    }
}

/// Stands for syslogd.
class SyslogServer {
  public:
    explicit SyslogServer(const std::string& path)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ::unlink(path.c_str());
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    SyslogServer(const SyslogServer&) = delete;
    SyslogServer& operator=(const SyslogServer&) = delete;
    ~SyslogServer() { ::close(fd_); }
    [[nodiscard]] std::string receive() const {
        std::array<char, 4096> buffer;
        const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
        return n < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(n));
    }

  private:
    int fd_;
};

TEST(SyslogOutput, SendsDatagramsAndFindsANewServer) {
    const TempDir dir;
    SyslogOutput output(dir.file("log"));
    EXPECT_EQ(output.write("early"), 0U);
    {
        const SyslogServer server(dir.file("log"));
        EXPECT_EQ(output.write("one"), 3U);
        EXPECT_EQ(server.receive(), "one");
    }
    EXPECT_EQ(output.write("lost"), 0U);
    const SyslogServer next(dir.file("log"));
    EXPECT_EQ(output.write("two"), 3U);
    EXPECT_EQ(next.receive(), "two");
}

TEST(SyslogOutput, FindsARestartedServerWithinOneWrite) {
    const TempDir dir;
    SyslogOutput output(dir.file("log"));
    auto server = std::make_unique<SyslogServer>(dir.file("log"));
    EXPECT_EQ(output.write("one"), 3U);
    server.reset();
    server = std::make_unique<SyslogServer>(dir.file("log"));
    EXPECT_EQ(output.write("two"), 3U);
    EXPECT_EQ(server->receive(), "two");
}

TEST(SyslogOutput, AServerThatDoesNotReadIsNotWaitedFor) {
    const TempDir dir;
    SyslogOutput output(dir.file("log"));
    const SyslogServer server(dir.file("log"));
    std::size_t taken = 0;
    for (int i = 0; i < 10000; ++i) taken += output.write("x");
    EXPECT_LT(taken, 10000U);
    EXPECT_EQ(server.receive(), "x");
    EXPECT_EQ(output.write("x"), 1U);
}

}  // namespace
}  // namespace phalanx::log

#include "phalanx/os/listen_queue.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "harness/temp_dir.hpp"
#include "os_test_support.hpp"
#include "phalanx/os/listen_socket.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "socket_test_support.hpp"

namespace phalanx::os {
namespace {

base::Result<ListenSocket> listen_tcp(std::int64_t backlog) {
    return listen_at({ListenAddress::Kind::tcp, "", "127.0.0.1", 0}, "ADDRESS", backlog, {});
}

TEST(ListenQueues, KnowThoseOfTcp) {
    const auto listening = listen_tcp(5);
    ASSERT_TRUE(listening);
    ListenQueues queues;
    const int fd = listening->fd.get();
    auto backlog = queues.look(fd);
    ASSERT_TRUE(backlog);
    EXPECT_EQ(backlog->waiting, 0U);
    EXPECT_EQ(backlog->limit, 5U);
    const UniqueFd one = connect_to_tcp("127.0.0.1", port_of(fd));
    const UniqueFd two = connect_to_tcp("127.0.0.1", port_of(fd));
    EXPECT_EQ(queues.look(fd)->waiting, 2U);
    (void)accept_connection(fd);
    EXPECT_EQ(queues.look(fd)->waiting, 1U);
}

TEST(ListenQueues, KnowThoseOfUnixSockets) {
    const harness::TempDir files;
    const std::string path = (files / "queue.sock").string();
    const std::string other_path = (files / "other.sock").string();
    using Kind = ListenAddress::Kind;
    const auto listening = listen_at({Kind::unix_path, path, "", 0}, path, 7, {});
    const auto other = listen_at({Kind::unix_path, other_path, "", 0}, other_path, 9, {});
    ASSERT_TRUE(listening && other);
    ListenQueues queues;
    const int fd = listening->fd.get();
    auto backlog = queues.look(fd);
    if (!backlog) GTEST_SKIP() << "this kernel has no sock_diag for Unix sockets";
    EXPECT_EQ(backlog->waiting, 0U);
    EXPECT_EQ(backlog->limit, 7U);
    const UniqueFd one = connect_to_path(path);
    const UniqueFd two = connect_to_path(path);
    const UniqueFd elsewhere = connect_to_path(other_path);
    EXPECT_EQ(queues.look(fd)->waiting, 2U);
    EXPECT_EQ(queues.look(other->fd.get())->waiting, 1U);
    (void)accept_connection(fd);
    EXPECT_EQ(queues.look(fd)->waiting, 1U);
}

TEST(ListenQueues, ANegativeBacklogIsAsMuchAsTheKernelAllows) {
    const auto listening = listen_tcp(-1);
    ASSERT_TRUE(listening);
    EXPECT_EQ(std::to_string(ListenQueues().look(listening->fd.get())->limit) + "\n",
              harness::read_file("/proc/sys/net/core/somaxconn"));
}

TEST(ListenQueues, KnowNothingOfOtherDescriptors) {
    const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(ListenQueues().look(nothing.get()));
    EXPECT_FALSE(ListenQueues().look(-1));
}

}  // namespace
}  // namespace phalanx::os

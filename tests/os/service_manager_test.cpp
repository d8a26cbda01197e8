#include "phalanx/os/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "harness/temp_dir.hpp"
#include "os_test_support.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {
namespace {

TEST(ServiceManager, GetsTheNotice) {
    const harness::TempDir folder;
    const std::string path = folder / "notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const UniqueFd manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(manager.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    EXPECT_TRUE(has_service_manager());
    EXPECT_TRUE(notify_service_manager("READY=1\nSTATUS=here"));
    ::unsetenv("NOTIFY_SOCKET");
    char room[64];
    const ssize_t size = ::recv(manager.get(), room, sizeof room, MSG_DONTWAIT);
    ASSERT_GT(size, 0);
    EXPECT_EQ(std::string(room, static_cast<std::size_t>(size)), "READY=1\nSTATUS=here");
}

TEST(ServiceManager, NoneIsNoError) {
    ::unsetenv("NOTIFY_SOCKET");
    EXPECT_FALSE(has_service_manager());
    EXPECT_FALSE(notify_service_manager("READY=1"));
}

}  // namespace
}  // namespace phalanx::os

#include <gmock/gmock.h>
#include <poll.h>

#include <array>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// The service manager's end of NOTIFY_SOCKET: a datagram socket.
class NotifySocket {
  public:
    explicit NotifySocket(const std::filesystem::path& path)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_storage storage{};
        const socklen_t length = Address::unix_path(path).fill(storage);
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&storage), length), 0);
    }
    std::string next(milliseconds deadline = kPatience) {
        std::array<char, 4096> buffer{};
        if (!wait_for(socket_.get(), POLLIN, Clock::now() + deadline)) return {};
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }

  private:
    Descriptor socket_;
};

class ServiceManager : public SiteTest {};

TEST_F(ServiceManager, IsToldReadyAndThenTheState) {
    NotifySocket notify(site().files() / "notify");
    site().start_options().environment = {{"NOTIFY_SOCKET", (site().files() / "notify").string()}};
    site().global().set("systemd_interval", "1");
    site().start();
    EXPECT_EQ(notify.next(), "READY=1\nSTATUS=Ready to handle connections\nMAINPID=" +
                                 std::to_string(site().daemon().pid()));
    EXPECT_THAT(notify.next(),
                testing::StartsWith("READY=1\nSTATUS=Processes active: 0, idle: 2, Requests: 0, slow: 0"));
    EXPECT_TRUE(site().daemon().wait_for_log("NOTICE: systemd monitor interval set to 1000ms"));
}

TEST_F(ServiceManager, HasItsWatchdogFedTwiceInItsTime) {
    NotifySocket notify(site().files() / "notify");
    site().start_options().environment = {{"NOTIFY_SOCKET", (site().files() / "notify").string()},
                                          {"WATCHDOG_USEC", "2100000"}};
    site().start();
    EXPECT_THAT(notify.next(), testing::StartsWith("READY=1\nSTATUS=Ready"));
    EXPECT_THAT(notify.next(),
                testing::StartsWith("READY=1\nWATCHDOG=1\nSTATUS=Processes active: 0, idle: 2"));
    EXPECT_TRUE(site().daemon().wait_for_log("NOTICE: systemd watchdog configured to 1.05sec"));
    EXPECT_TRUE(site().daemon().wait_for_log("NOTICE: systemd monitor interval set to 1050ms"));
}

TEST_F(ServiceManager, IsNotToldReadyByADaemonThatFails) {
    NotifySocket notify(site().files() / "notify");
    site().start_options().environment = {{"NOTIFY_SOCKET", (site().files() / "notify").string()}};
    site().pool().set("pm", "dynamic").set("pm.max_spare_servers", "5");
    site().launch();
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{78, 0}));
    EXPECT_EQ(notify.next(milliseconds(0)).find("READY=1"), std::string::npos);
}

}  // namespace
}  // namespace phalanx::harness

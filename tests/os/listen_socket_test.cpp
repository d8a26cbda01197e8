#include "phalanx/os/listen_socket.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include <cerrno>

#include "harness/temp_dir.hpp"
#include "os_test_support.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "socket_test_support.hpp"

namespace phalanx::os {
namespace {

using ::testing::HasSubstr;
using Kind = ListenAddress::Kind;

TEST(ListenAddress, WithColonOrAllDigitsItIsTcp) {
    const struct {
        const char* text;
        const char* host;
        std::uint16_t port;
    } cases[] = {
        {"9000", "", 9000},        {"127.0.0.1:9000", "127.0.0.1", 9000},   {"[::1]:9000", "::1", 9000},
        {"::1:9000", "::1", 9000}, {"localhost:65535", "localhost", 65535}, {"/run/x:80", "/run/x", 80}};
    for (const auto& expected : cases) {
        const auto address = parse_listen_address(expected.text);
        ASSERT_TRUE(address) << expected.text;
        EXPECT_EQ(address->kind, Kind::tcp);
        EXPECT_EQ(address->host, expected.host);
        EXPECT_EQ(address->port, expected.port);
        EXPECT_EQ(address->path, "");
    }
}

TEST(ListenAddress, ElseItIsAPath) {
    for (const char* text : {"/run/php/php.sock", "relative.sock", "9000x"}) {
        const auto address = parse_listen_address(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->kind, Kind::unix_path);
        EXPECT_EQ(address->path, text);
    }
}

TEST(ListenAddress, BadPortsAreErrorsInPhpFpmsWords) {
    for (const char* port : {"0", "65536", "99999999999999999999", "", "http", "-1", " 80"}) {
        const auto address = parse_listen_address(std::string("127.0.0.1:") + port);
        ASSERT_FALSE(address) << port;
        EXPECT_EQ(address.error().text(), std::string("invalid port value '") + port + "'");
    }
    EXPECT_FALSE(parse_listen_address("0"));
    EXPECT_FALSE(parse_listen_address("65536"));
}

TEST(ListenAddress, AForgottenHostIsNotEverywhere) {
    for (const char* text : {":9000", "[]:9000"}) {
        const auto address = parse_listen_address(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().text(), "getaddrinfo: Name or service not known");
    }
}

class UnixListener : public ::testing::Test {
  protected:
    [[nodiscard]] base::Result<ListenSocket> listen(const SocketOwner& owner = {}) const {
        return listen_at({Kind::unix_path, path_, "", 0}, path_, 5, owner);
    }
    [[nodiscard]] struct stat file() const {
        struct stat info {};
        EXPECT_EQ(::lstat(path_.c_str(), &info), 0);
        return info;
    }
    /// A socket's file whose process is gone.
    void leave_stale_socket() const {
        (void)*listen();
        ASSERT_TRUE(S_ISSOCK(file().st_mode));
    }
    harness::TempDir folder_;
    std::string path_ = folder_ / "pool.sock";
};

TEST_F(UnixListener, AcceptsWithoutWaiting) {
    const auto listening = listen();
    ASSERT_TRUE(listening) << listening.error().text();
    EXPECT_TRUE(is_close_on_exec(listening->fd.get()));
    EXPECT_EQ(listening->bound_path, path_);
    EXPECT_EQ(listening->inode, file().st_ino);
    EXPECT_EQ(accept_connection(listening->fd.get()).state, Accepted::State::none);
    const UniqueFd client = connect_to_path(path_);
    ASSERT_TRUE(client);
    EXPECT_EQ(accept_connection(listening->fd.get()).state, Accepted::State::connection);
}

TEST_F(UnixListener, HasExactlyTheModeAskedFor) {
    const mode_t mask = ::umask(0077);
    for (const mode_t mode : {0660U, 0600U, 0666U, 0777U}) {
        const auto listening = listen({-1, -1, mode});
        ASSERT_TRUE(listening);
        EXPECT_EQ(file().st_mode & 07777U, mode);
        remove_socket_file(*listening);
    }
    EXPECT_EQ(::umask(mask), 0077U) << "the process's own mask is as before";
}

TEST_F(UnixListener, BelongsToWhomItShould) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    const auto listening = listen({33, 44, 0600});
    ASSERT_TRUE(listening);
    EXPECT_EQ(file().st_uid, 33U);
    EXPECT_EQ(file().st_gid, 44U);
    remove_socket_file(*listening);
    const auto group_only = listen({-1, 45, 0600});
    ASSERT_TRUE(group_only);
    EXPECT_EQ(file().st_uid, ::geteuid());
    EXPECT_EQ(file().st_gid, 45U);
}

TEST_F(UnixListener, AnOwnerThatMayNotBeSetIsAnErrorAndLeavesNothing) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs to become somebody else first";
    folder_.open_folder("open");
    path_ = folder_ / "open/pool.sock";
    EXPECT_EQ(in_child([&] {
                  if (::setresuid(65534, 65534, 65534) != 0) return 1;
                  return listen({0, 0, 0600}) ? 2 : 0;
              }),
              0);
    EXPECT_NE(::access(path_.c_str(), F_OK), 0);
}

TEST_F(UnixListener, ReplacesAStaleSocket) {
    leave_stale_socket();
    const auto listening = listen();
    ASSERT_TRUE(listening) << listening.error().text();
    EXPECT_TRUE(connect_to_path(path_));
}

TEST_F(UnixListener, RefusesOneInUse) {
    const auto first = listen();
    ASSERT_TRUE(first);
    const auto second = listen();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().text(), "Another FPM instance seems to already listen on " + path_);
    EXPECT_TRUE(connect_to_path(path_)) << "the first one goes on";
}

TEST_F(UnixListener, RefusesOneInUseWhoseBacklogIsFull) {
    const auto first = listen();
    ASSERT_TRUE(first);
    std::vector<UniqueFd> waiting;
    while (UniqueFd client = connect_to_path(path_)) waiting.push_back(std::move(client));
    ASSERT_GT(waiting.size(), 0U);
    const auto second = listen();
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().text(), HasSubstr("already listen on"));
}

TEST_F(UnixListener, LeavesWhatIsNoSocketAlone) {
    folder_.write("pool.sock", "precious");
    const auto listening = listen();
    ASSERT_FALSE(listening);
    EXPECT_THAT(listening.error().text(), HasSubstr("not a socket"));
    EXPECT_EQ(harness::read_file(path_), "precious");
}

TEST_F(UnixListener, LeavesASymbolicLinkAlone) {
    folder_.write("target", "precious");
    ASSERT_EQ(::symlink((folder_ / "target").c_str(), path_.c_str()), 0);
    EXPECT_FALSE(listen());
    EXPECT_EQ(harness::read_file(folder_ / "target"), "precious");
    EXPECT_TRUE(S_ISLNK(file().st_mode));
}

TEST_F(UnixListener, RefusesAPathThatDoesNotFit) {
    path_ = folder_ / std::string(200, 'x');
    const auto listening = listen();
    ASSERT_FALSE(listening);
    EXPECT_THAT(listening.error().text(), HasSubstr("maximal length: 108"));
}

TEST_F(UnixListener, TellsOfAFolderThatIsMissing) {
    path_ = folder_ / "none/pool.sock";
    const auto listening = listen();
    ASSERT_FALSE(listening);
    EXPECT_EQ(listening.error().code, ENOENT);
    EXPECT_THAT(listening.error().text(), HasSubstr("unable to bind listening socket for address"));
}

TEST_F(UnixListener, RemovesItsOwnFileOnly) {
    const auto first = listen();
    ASSERT_TRUE(first);
    // Somebody else puts a socket of their own in its place.
    ASSERT_EQ(::rename(path_.c_str(), (path_ + ".old").c_str()), 0);
    const auto second = listen();
    ASSERT_TRUE(second);
    remove_socket_file(*first);
    EXPECT_TRUE(connect_to_path(path_));
    remove_socket_file(*second);
    EXPECT_NE(::access(path_.c_str(), F_OK), 0);
    remove_socket_file(*second);
}

/// Port 0 lets the kernel choose one, so that tests can run side by side.
base::Result<ListenSocket> listen_tcp(const std::string& host, std::int64_t backlog = 5,
                                      std::uint16_t port = 0) {
    return listen_at({Kind::tcp, "", host, port}, "ADDRESS", backlog, {});
}

TEST(TcpListener, CannotBeFoundOnceItIsShutDownAndItsAddressCanBeHadAgain) {
    auto first = listen_tcp("127.0.0.1");
    ASSERT_TRUE(first);
    EXPECT_TRUE(can_be_found(*first));
    ASSERT_EQ(::shutdown(first->fd.get(), SHUT_RD), 0);
    EXPECT_FALSE(can_be_found(*first));
    EXPECT_EQ(accept_connection(first->fd.get()).state, Accepted::State::broken);
    EXPECT_TRUE(listen_tcp("127.0.0.1", 5, port_of(first->fd.get())));
}

TEST_F(UnixListener, CannotBeFoundOnceItIsShutDownAndItsPathCanBeHadAgain) {
    auto first = listen();
    ASSERT_TRUE(first);
    EXPECT_TRUE(can_be_found(*first));
    EXPECT_FALSE(is_shut_down(first->fd.get()));
    ASSERT_EQ(::shutdown(first->fd.get(), SHUT_RD), 0);
    EXPECT_TRUE(is_shut_down(first->fd.get()));
    EXPECT_FALSE(can_be_found(*first));
    auto second = listen();
    ASSERT_TRUE(second) << second.error().text();
    remove_socket_file(*first);
    EXPECT_TRUE(can_be_found(*second)) << "the file is the second one's";
}

TEST(TcpListener, AcceptedConnectionsInheritNoDelay) {
    const auto listening = listen_tcp("127.0.0.1");
    ASSERT_TRUE(listening) << listening.error().text();
    EXPECT_TRUE(listening->bound_path.empty());
    EXPECT_EQ(accept_connection(listening->fd.get()).state, Accepted::State::none);
    const UniqueFd client = connect_to_tcp("127.0.0.1", port_of(listening->fd.get()));
    ASSERT_TRUE(client);
    const Accepted accepted = accept_connection(listening->fd.get());
    ASSERT_EQ(accepted.state, Accepted::State::connection);
    int value = 0;
    socklen_t size = sizeof value;
    ASSERT_EQ(::getsockopt(accepted.fd.get(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
    EXPECT_NE(value, 0);
}

TEST(TcpListener, SaysThatItTriesOneFamilyAloneAlsoWhereThatFails) {
    const auto taken = listen_tcp("::");
    if (!taken) GTEST_SKIP() << "no IPv6 here";
    const ListenAddress port_alone{Kind::tcp, "", "", port_of(taken->fd.get())};
    ListenRemarks remarks;
    const auto listening = listen_on(std::span(&port_alone, 1), "ADDRESS", 5, {}, remarks);
    ASSERT_FALSE(listening);
    EXPECT_NE(listening.error().text().find("Address already in use"), std::string::npos);
    ASSERT_EQ(remarks.notices.size(), 1U);
    EXPECT_EQ(remarks.notices[0], "Failed implicitly binding to ::, retrying with 0.0.0.0");
}

TEST(TcpListener, ShowsNoConnectionBeforeItsFirstByte) {
    const auto listening = listen_tcp("127.0.0.1");
    ASSERT_TRUE(listening) << listening.error().text();
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(listening->fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const UniqueFd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(silent.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(accept_connection(listening->fd.get()).state, Accepted::State::none);
    ASSERT_EQ(::send(silent.get(), "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_EQ(accept_connection(listening->fd.get()).state, Accepted::State::connection);
}

TEST(TcpListener, WithoutAHostItTakesBothFamilies) {
    if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
    const auto listening = listen_tcp("");
    ASSERT_TRUE(listening) << listening.error().text();
    const std::uint16_t port = port_of(listening->fd.get());
    EXPECT_TRUE(connect_to_tcp("127.0.0.1", port));
    EXPECT_TRUE(connect_to_tcp("::1", port));
}

TEST(TcpListener, OneThatIsTakenIsAnError) {
    const auto first = listen_tcp("127.0.0.1");
    ASSERT_TRUE(first);
    const auto second = listen_tcp("127.0.0.1", 5, port_of(first->fd.get()));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EADDRINUSE);
    EXPECT_THAT(second.error().text(), HasSubstr("unable to bind listening socket for address 'ADDRESS'"));
}

TEST(TcpListener, ReusesAnAddressWhoseConnectionsLinger) {
    auto first = listen_tcp("127.0.0.1");
    ASSERT_TRUE(first);
    const std::uint16_t port = port_of(first->fd.get());
    UniqueFd client = connect_to_tcp("127.0.0.1", port);
    ASSERT_TRUE(client);
    // The side that closes first keeps the address in TIME_WAIT.
    accept_from_tcp(first->fd.get()).reset();
    client.reset();
    first->fd.reset();
    EXPECT_TRUE(listen_tcp("127.0.0.1", 5, port));
}

TEST(TcpListener, AHostThatIsNoneIsAnError) {
    const auto listening = listen_tcp("bad..name");
    ASSERT_FALSE(listening);
    EXPECT_THAT(listening.error().text(), HasSubstr("getaddrinfo: "));
}

}  // namespace
}  // namespace phalanx::os

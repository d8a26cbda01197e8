#include <poll.h>
#include <sys/socket.h>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class EveryKindOfSocket : public SiteTest {
  protected:
    void expect_answer(const Address& address) {
        const Answer answer = ask(address, site().request("/hello.php"));
        EXPECT_EQ(answer.status(), 200) << answer;
        EXPECT_EQ(answer.body(), "hello") << answer;
    }
    void start_on(const std::string& listen) {
        site().script("hello.php", "<?php echo 'hello';");
        site().pool().set("listen", listen);
        site().start();
    }
};

TEST_F(EveryKindOfSocket, Unix) {
    start_on(site().files() / "a.sock");
    expect_answer(Address::unix_path(site().files() / "a.sock"));
}

TEST_F(EveryKindOfSocket, IPv4) {
    const auto address = Address::tcp("127.0.0.1", free_tcp_port());
    start_on(address.listen_value());
    expect_answer(address);
}

TEST_F(EveryKindOfSocket, IPv6) {
    if (!has_ipv6_loopback()) GTEST_SKIP() << "this machine has no ::1";
    const auto address = Address::tcp("::1", free_tcp_port());
    start_on(address.listen_value());
    expect_answer(address);
}

TEST_F(EveryKindOfSocket, TcpClientsSeeTheEndWithTheAnswersLastBytes) {
    SKIP_UNLESS_PHALANX("the end is a segment of its own, which comes some microseconds later");
    const auto address = Address::tcp("127.0.0.1", free_tcp_port());
    start_on(address.listen_value());
    expect_answer(address);
    const std::string request = encode(site().request("/hello.php"));
    for (int i = 0; i < 20; ++i) {
        const Descriptor client = connect_to(address);
        ASSERT_EQ(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(request.size()));
        pollfd answer{client.get(), POLLIN | POLLRDHUP, 0};
        ASSERT_EQ(::poll(&answer, 1, static_cast<int>(kPatience.count())), 1);
        EXPECT_NE(answer.revents & POLLRDHUP, 0) << "of request " << i;
    }
}

TEST_F(EveryKindOfSocket, TcpClientsSeeTheEndOfAnAnswerWhoseScriptGoesOn) {
    const auto address = Address::tcp("127.0.0.1", free_tcp_port());
    site().script("finish.php", "<?php echo 'done'; fastcgi_finish_request(); sleep(20);");
    start_on(address.listen_value());
    FastCgiClient client(address);
    ASSERT_TRUE(client.send(site().request("/finish.php")));
    EXPECT_EQ(client.read_answer().body(), "done");
    EXPECT_TRUE(client.wait_until_closed());
}

TEST_F(EveryKindOfSocket, HostName) {
    const std::uint16_t port = free_tcp_port();
    start_on("localhost:" + std::to_string(port));
    const bool v4 = connect_to(Address::tcp("127.0.0.1", port)).is_open();
    expect_answer(Address::tcp(v4 ? "127.0.0.1" : "::1", port));
}

TEST_F(EveryKindOfSocket, PortAloneIsEveryAddress) {
    const std::uint16_t port = free_tcp_port();
    start_on(std::to_string(port));
    expect_answer(Address::tcp("127.0.0.1", port));
    if (has_ipv6_loopback()) expect_answer(Address::tcp("::1", port));
}

TEST_F(EveryKindOfSocket, SeveralPoolsOfOneMaster) {
    site().script("hello.php", "<?php echo 'hello';");
    site().add_pool("second");
    site().add_pool("third").set("listen", "127.0.0.1:" + std::to_string(free_tcp_port()));
    site().start();
    for (const char* pool : {"www", "second", "third"}) expect_answer(site().address(pool));
}

}  // namespace
}  // namespace phalanx::harness

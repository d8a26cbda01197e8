#include <memory>

#include "count_of.hpp"
#include "harness/site.hpp"
#include "line_status.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kClients = 2000;
constexpr milliseconds kAtOnce{2'000};

/// Clients that connect and send nothing, half a head, or a byte now and then.
class SlowClients : public SiteTest, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("each holds a worker");
        if (GetParam())
            site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
        site().pool().set("request_header_timeout", "2").set("pm.status_path", "/status");
        site().script("hello.php", "<?php echo 'hello';");
        site().start();
    }

    void expect_served() {
        const auto begin = Clock::now();
        for (int i = 0; i < 5; ++i) EXPECT_EQ(site().get("/hello.php").body(), "hello");
        EXPECT_LT(Clock::now() - begin, kAtOnce);
    }
};

TEST_P(SlowClients, LeaveThePoolUsableAndEndInTime) {
    const std::string head = encode(site().request("/hello.php"));
    std::vector<std::unique_ptr<FastCgiClient>> clients;
    for (std::size_t i = 0; i < kClients; ++i) {
        clients.push_back(std::make_unique<FastCgiClient>(site().address()));
        ASSERT_TRUE(clients.back()->connected()) << i;
        // Silent ones, ones that stop half-way, and ones that go on slowly.
        if (i % 3 > 0) (void)clients.back()->send(head.substr(0, i % 3 == 1 ? head.size() / 2 : 1));
    }
    expect_served();
    EXPECT_GT(line_status(site(), "parked connections"), 0);
    for (std::size_t at = 1; line_status(site(), "parked connections") > 0; ++at) {
        ASSERT_LT(at, 60u) << "they do not end";
        for (std::size_t i = 2; i < kClients; i += 3) (void)clients[i]->send(head.substr(at, 1));
        expect_served();
        std::this_thread::sleep_for(milliseconds(100));
    }
    for (const auto& client : clients) ASSERT_TRUE(client->wait_until_closed());
    expect_served();
    // The sum comes a moment after.
    EXPECT_TRUE(site().daemon().wait_for_log("more connection(s) closed: the request did not arrive"));
    const std::string log = site().daemon().log();
    EXPECT_LE(count_of(log, "the request did not arrive within request_header_timeout"), 30u) << log;
    EXPECT_NE(log.find(GetParam() ? "client 127.0.0.1:" : "client pid " + std::to_string(::getpid())),
              std::string::npos)
        << log;
}

TEST_P(SlowClients, KeepTheirConnectionIdleForAsLongAsTheyLike) {
    FastCgiClient client(site().address());
    EXPECT_EQ(client.exchange(site().request("/hello.php").keep_connection()).body(), "hello");
    EXPECT_FALSE(client.wait_until_closed(milliseconds(2'500)));
    EXPECT_EQ(client.exchange(site().request("/hello.php").keep_connection()).body(), "hello");
    // But a head that has begun has to come.
    ASSERT_TRUE(client.send(encode(site().request("/hello.php")).substr(0, 20)));
    EXPECT_TRUE(client.wait_until_closed(milliseconds(6'000)));
}

INSTANTIATE_TEST_SUITE_P(Over, SlowClients, testing::Values(false, true),
                         [](const auto& each) { return std::string(each.param ? "Tcp" : "UnixSocket"); });

}  // namespace
}  // namespace phalanx::harness

#include <memory>

#include "harness/process.hpp"
#include "harness/site.hpp"
#include "line_status.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

#ifdef PHALANX_SANITIZED
constexpr milliseconds kFirst{1'500};
constexpr milliseconds kNext{500};
#else
constexpr milliseconds kFirst{200};
constexpr milliseconds kNext{50};
#endif
constexpr std::size_t kWaiting = 500;

/// Status and ping on the pool's own socket.
class StuckPool : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("its workers alone answer");
        site().pool().set("pm.status_path", "/status").set("ping.path", "/ping");
        site().script("busy.php", script_that_takes(20));
        site().script("quick.php", "<?php echo 'quick';");
    }
};

TEST_F(StuckPool, AnswersStatusAndPing) {
    site().start();
    const RunningScript first(site().address(), site().request("/busy.php"));
    const RunningScript second(site().address(), site().request("/busy.php"));
    const auto begin = Clock::now();
    EXPECT_EQ(site().get("/ping").body(), "pong");
    EXPECT_LT(Clock::now() - begin, kFirst);
    std::vector<std::unique_ptr<FastCgiClient>> waiting;
    for (std::size_t i = 0; i < kWaiting; ++i) {
        waiting.push_back(std::make_unique<FastCgiClient>(site().address()));
        ASSERT_TRUE(waiting.back()->send(site().request("/quick.php")));
    }
    ASSERT_TRUE(eventually(kPatience, [&] { return line_status(site(), "queue length") == kWaiting; }));
    for (int i = 0; i < 20; ++i) {
        const auto one = Clock::now();
        ASSERT_EQ(site().get("/ping").body(), "pong");
        ASSERT_LT(Clock::now() - one, kNext);
    }
    const Answer status = site().get("/status?json&full");
    EXPECT_NE(status.body().find("\"active processes\":2,"), std::string::npos) << status.body();
    EXPECT_NE(status.body().find("/busy.php"), std::string::npos) << status.body();
    FastCgiClient kept(site().address());
    EXPECT_EQ(kept.exchange(site().request("/ping").keep_connection()).body(), "pong");
    FastCgiClient in_pieces(site().address());
    for (const char byte : encode(site().request("/ping"))) ASSERT_TRUE(in_pieces.send(std::string(1, byte)));
    EXPECT_EQ(in_pieces.read_answer().body(), "pong");
}

TEST_F(StuckPool, AnswersWhenItsWorkersAreStopped) {
    site().start();
    ASSERT_EQ(site().get("/quick.php").body(), "quick");
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == 2; }));
    const auto workers = site().daemon().workers();
    for (const pid_t worker : workers) ASSERT_TRUE(stop_process(worker));
    EXPECT_EQ(site().get("/ping").body(), "pong");
    EXPECT_EQ(site().get("/ping").body(), "pong");
    for (const pid_t worker : workers) ASSERT_TRUE(signal_process(worker, SIGCONT));
    EXPECT_EQ(site().get("/quick.php").body(), "quick");
}

TEST_F(StuckPool, IsNotWokenWhenItSleeps) {
    site().pool().set("pm", "ondemand");
    site().start();
    EXPECT_EQ(site().get("/ping").body(), "pong");
    EXPECT_NE(site().get("/status").body().find("total processes:      0\n"), std::string::npos);
    EXPECT_TRUE(site().daemon().templates().empty());
    EXPECT_EQ(site().get("/quick.php").body(), "quick");
    // (A worker serves before the master has heard of it.)
    EXPECT_TRUE(eventually(kPatience, [&] {
        return site().get("/status").body().find("total processes:      1\n") != std::string::npos;
    }));
}

TEST_F(StuckPool, AnswersNobodyWhoMayNotConnect) {
    const Address address = Address::tcp("127.0.0.1", free_tcp_port());
    site().pool().set("listen", address.listen_value()).set("listen.allowed_clients", "127.0.0.2");
    site().pool().set("request_terminate_timeout", "3");
    site().start();
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == 2; }));
    const auto workers = site().daemon().workers();
    for (const pid_t worker : workers) ASSERT_TRUE(stop_process(worker));
    FastCgiClient client(address);
    ASSERT_TRUE(client.send(site().request("/ping")));
    EXPECT_FALSE(client.wait_until_closed(milliseconds(500))) << site().daemon().log();
    for (const pid_t worker : workers) ASSERT_TRUE(signal_process(worker, SIGCONT));
    EXPECT_TRUE(client.read_answer().closed);
}

}  // namespace
}  // namespace phalanx::harness

#include <fstream>
#include <memory>

#include "harness/site.hpp"
#include "line_status.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kClients = 1000;
constexpr milliseconds kAtOnce{1'000};

/// Resident kilobytes of a process.
std::int64_t resident(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::atoll(line.c_str() + 6);
    }
    return 0;
}

/// More clients that keep their connection than there are workers (php-fpm: the fifth waits for ever).
class KeptConnections : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().pool().set("pm.max_children", std::to_string(kWorkers)).set("pm.status_path", "/status");
        site().script("echo.php", "<?php echo $_GET['n'];");
    }

    void connect(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            clients_.push_back(std::make_unique<FastCgiClient>(site().address()));
    }
    /// One request of each; all are sent before the first answer is read.
    void ask_all(const std::string& round) {
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            const std::string target = "/echo.php?n=" + round + "-" + std::to_string(i);
            ASSERT_TRUE(clients_[i]->send(site().request(target).keep_connection())) << target;
        }
        for (std::size_t i = 0; i < clients_.size(); ++i)
            ASSERT_EQ(clients_[i]->read_answer().body(), round + "-" + std::to_string(i));
    }

    std::vector<std::unique_ptr<FastCgiClient>> clients_;
};

TEST_F(KeptConnections, PinNoWorker) {
    SKIP_UNLESS_PHALANX("each pins a worker");
    site().start();
    connect(kClients);
    for (const char* round : {"a", "b", "c"}) ask_all(round);
    const auto begin = Clock::now();
    EXPECT_EQ(site().get("/echo.php?n=new").body(), "new");
    EXPECT_TRUE(eventually(kPatience, [&] {
        return line_status(site(), "idle kept-alive") == static_cast<std::int64_t>(kClients);
    })) << line_status(site(), "idle kept-alive");
    EXPECT_LT(Clock::now() - begin, kAtOnce);
    EXPECT_TRUE(eventually(kPatience, [&] {
        return line_status(site(), "idle processes") == static_cast<std::int64_t>(kWorkers) - 1;
    }));
    EXPECT_EQ(site().daemon().workers().size(), kWorkers);
}

TEST_F(KeptConnections, CostLittleMemoryEach) {
    SKIP_UNLESS_PHALANX("each pins a worker");
    site().start();
    connect(kClients / 10);
    ask_all("warm");
    const std::int64_t before = resident(site().daemon().pid());
    connect(kClients);
    ask_all("many");
    const std::int64_t after = resident(site().daemon().pid());
    EXPECT_LT(after - before, static_cast<std::int64_t>(4 * kClients)) << "kB for " << kClients;
}

TEST_F(KeptConnections, OutliveTheirWorkers) {
    SKIP_UNLESS_PHALANX("they end with the worker");
    site().pool().set("pm.max_requests", "7");
    site().start();
    connect(50);
    for (int round = 0; round < 10; ++round) ask_all(std::to_string(round));
    EXPECT_TRUE(site().daemon().wait_for_log("exited with code 0"));
}

TEST_F(KeptConnections, OutliveWorkersThatAreTooMany) {
    SKIP_UNLESS_PHALANX("they end with the worker");
    site().pool().set("pm", "ondemand").set("pm.process_idle_timeout", "1s");
    site().start();
    connect(50);
    ask_all("before");
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().empty(); }));
    ask_all("after");
}

TEST_F(KeptConnections, AnswerRequestsSentBackToBackInOrder) {
    SKIP_UNLESS_PHALANX("it loses what it had read of the next request");
    site().start();
    FastCgiClient client(site().address());
    std::string bytes;
    for (int i = 0; i < 50; ++i)
        bytes += encode(site().request("/echo.php?n=" + std::to_string(i)).keep_connection());
    ASSERT_TRUE(client.send(bytes));
    for (int i = 0; i < 50; ++i) ASSERT_EQ(client.read_answer().body(), std::to_string(i));
}

TEST_F(KeptConnections, AreClosedWhenTheyHaveBeenIdleForTooLong) {
    SKIP_UNLESS_PHALANX("it knows no keepalive_timeout");
    site().pool().set("keepalive_timeout", "1");
    site().start();
    connect(2);
    ask_all("once");
    EXPECT_FALSE(clients_[0]->wait_until_closed(milliseconds(500)));
    EXPECT_TRUE(clients_[0]->wait_until_closed());
    EXPECT_TRUE(clients_[1]->wait_until_closed());
    EXPECT_EQ(line_status(site(), "idle kept-alive"), 0);
}

TEST_F(KeptConnections, MakeRoomForNewOnesWhenThePoolHoldsAsManyAsItMay) {
    SKIP_UNLESS_PHALANX("it knows no queue.max_connections");
    site().pool().set("queue.max_connections", "10");
    site().start();
    connect(1);
    ask_all("first");
    // Two that are served side by side may become idle in any order.
    ASSERT_TRUE(eventually(kPatience, [&] { return line_status(site(), "idle kept-alive") == 1; }));
    for (int i = 0; i < 9; ++i) {
        connect(1);
        const Request request = site().request("/echo.php?n=z").keep_connection();
        EXPECT_EQ(clients_.back()->exchange(request).body(), "z");
    }
    const auto begin = Clock::now();
    FastCgiClient client(site().address());
    EXPECT_EQ(client.exchange(site().request("/echo.php?n=x").keep_connection()).body(), "x");
    EXPECT_LT(Clock::now() - begin, kPatience / 2);
    EXPECT_EQ(client.exchange(site().request("/echo.php?n=y").keep_connection()).body(), "y");
    EXPECT_TRUE(clients_[0]->wait_until_closed()) << "the one that was idle longest";
    EXPECT_TRUE(site().daemon().wait_for_log("idle kept-alive connections had to make room for new ones"));
}

}  // namespace
}  // namespace phalanx::harness

#include <csignal>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kSilentClients = 50;
/// More than the master looks at before it lets other work have its turn.
constexpr std::size_t kBurst = 200;
/// php-fpm's workers wait 5 s for a first byte; an answer within this did not wait for that.
constexpr milliseconds kAtOnce{2'500};

class SilentConnections : public SiteTest {};

TEST_F(SilentConnections, HoldNoWorker) {
    SKIP_UNLESS_PHALANX("a silent connection holds a worker for 5 s");
    site().script("hello.php", "<?php echo 'hello';");
    site().start();
    std::vector<FastCgiClient> silent;
    for (std::size_t i = 0; i < kSilentClients; ++i) silent.emplace_back(site().address());
    const auto begin = Clock::now();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(site().get("/hello.php").body(), "hello");
    EXPECT_LT(Clock::now() - begin, kAtOnce);
    EXPECT_EQ(silent.back().exchange(site().request("/hello.php")).body(), "hello") << "silence is no crime";
}

TEST_F(SilentConnections, HoldNoWorkerWithHalfAHeadEither) {
    SKIP_UNLESS_PHALANX("a half head holds a worker without limit");
    site().script("hello.php", "<?php echo 'hello';");
    site().start();
    const std::string head = encode(site().request("/hello.php"));
    const std::string half = head.substr(0, head.size() / 2);
    std::vector<FastCgiClient> slow;
    for (std::size_t i = 0; i < kSilentClients; ++i) {
        slow.emplace_back(site().address());
        ASSERT_TRUE(slow.back().send(half));
    }
    const auto begin = Clock::now();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(site().get("/hello.php").body(), "hello");
    EXPECT_LT(Clock::now() - begin, kAtOnce);
    for (FastCgiClient& client : slow) {
        ASSERT_TRUE(client.send(head.substr(half.size())));
        EXPECT_EQ(client.read_answer().body(), "hello");
    }
}

TEST_F(SilentConnections, HoldNoWorkerWhenManyComeAtOnce) {
    SKIP_UNLESS_PHALANX("a silent connection holds a worker for 5 s");
    site().script("hello.php", "<?php echo 'hello';");
    site().start();
    ASSERT_EQ(site().get("/hello.php").body(), "hello");
    std::vector<FastCgiClient> silent;
    ASSERT_TRUE(stop_process(site().daemon().pid()));
    for (std::size_t i = 0; i < kBurst; ++i) silent.emplace_back(site().address());
    ASSERT_TRUE(site().daemon().signal(SIGCONT));
    const auto begin = Clock::now();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(site().get("/hello.php").body(), "hello");
    EXPECT_LT(Clock::now() - begin, kAtOnce);
    EXPECT_EQ(silent.back().exchange(site().request("/hello.php")).body(), "hello");
}

}  // namespace
}  // namespace phalanx::harness

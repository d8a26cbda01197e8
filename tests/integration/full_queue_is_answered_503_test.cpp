#include <csignal>
#include <thread>

#include "harness/http_client.hpp"
#include "harness/nginx.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"
#include "line_status.hpp"
#include "log_sums.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// One worker that is busy, and requests that wait for it.
class Queue : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("its queue is the kernel's");
        site().pool().set("pm.max_children", "1").set("pm.status_path", "/status");
        site().script("busy.php", script_until_allowed());
        site().script("quick.php", "<?php echo 'quick ', $_GET['n'] ?? '';");
    }

    FastCgiClient& send_one(const std::string& target, bool keep = false) {
        clients_.push_back(std::make_unique<FastCgiClient>(site().address()));
        Request request = site().request(target);
        request.id = 7;
        if (keep) request.keep_connection();
        EXPECT_TRUE(clients_.back()->send(request));
        return *clients_.back();
    }
    bool line_is(std::int64_t length) {
        return eventually(kPatience, [&] { return line_status(site(), "queue length") == length; });
    }

    /// How many are told of in lines with that text, once there are so many: a line may be one of several.
    std::size_t told(std::size_t expected, std::string_view text) {
        std::size_t sum = 0;
        (void)eventually(kPatience, [&] {
            sum = sum_in_log(site().daemon().log(), text);
            return sum >= expected;
        });
        return sum;
    }

    std::vector<std::unique_ptr<FastCgiClient>> clients_;
};

TEST_F(Queue, ServesInOrderOfArrival) {
    site().script("order.php",
                  "<?php file_put_contents('order', $_GET['n'], FILE_APPEND); chmod('order', 0666);");
    std::filesystem::permissions(site().root(), std::filesystem::perms::all);
    site().start();
    RunningScript busy(site().address(), site().request("/busy.php"));
    for (int i = 0; i < 5; ++i) {
        send_one("/order.php?n=" + std::to_string(i), i % 2 == 0);
        ASSERT_TRUE(line_is(i + 1));
    }
    EXPECT_GT(line_status(site(), "queue oldest usec"), 0);
    std::this_thread::sleep_for(milliseconds(200));
    let_scripts_end(site());
    for (const auto& client : clients_) EXPECT_TRUE(client->read_answer().complete());
    EXPECT_EQ(read_file(site().root() / "order"), "01234");
    EXPECT_GE(line_status(site(), "queued requests"), 5);
    EXPECT_EQ(line_status(site(), "max queue length"), 5);
    EXPECT_GT(line_status(site(), "queue wait p50"), 100'000);
    EXPECT_GE(line_status(site(), "queue wait p99"), line_status(site(), "queue wait p50"));
}

TEST_F(Queue, TellsScriptsAndTheAccessLogHowLongTheyWaited) {
    site().script("waited.php", "<?php echo $_SERVER['PHALANX_QUEUE_USEC'];");
    site().pool().set("access.log", (site().files() / "access.log").string()).set("access.format", "%r %w");
    site().start();
    RunningScript busy(site().address(), site().request("/busy.php"));
    FastCgiClient& client = send_one("/waited.php");
    ASSERT_TRUE(line_is(1));
    std::this_thread::sleep_for(milliseconds(600));
    let_scripts_end(site());
    const std::int64_t waited = std::atoll(client.read_answer().body().c_str());
    EXPECT_GT(waited, 500'000);
    EXPECT_LT(waited, 60'000'000);
    EXPECT_LT(std::atoll(site().get("/waited.php").body().c_str()), 100'000);
    const auto line = "/waited.php " + std::to_string(waited) + "\n";
    EXPECT_TRUE(eventually(
        kPatience, [&] { return read_file(site().files() / "access.log").find(line) != std::string::npos; }))
        << line << read_file(site().files() / "access.log");
}

TEST_F(Queue, ThatIsFullAnswers503) {
    site().pool().set("queue.max_length", "2");
    site().start();
    RunningScript busy(site().address(), site().request("/busy.php"));
    send_one("/quick.php?n=1");
    send_one("/quick.php?n=2", /*keep=*/true);
    ASSERT_TRUE(line_is(2));
    for (const bool keep : {false, true}) {
        FastCgiClient& late = send_one("/quick.php?n=late", keep);
        const Answer answer = late.read_answer();
        EXPECT_EQ(answer.status(), 503);
        EXPECT_EQ(answer.header("Retry-After"), "2");
        EXPECT_EQ(answer.body(), "503 Service Unavailable\n");
        EXPECT_TRUE(late.wait_until_closed());
    }
    EXPECT_EQ(line_status(site(), "shed requests"), 2);
    let_scripts_end(site());
    EXPECT_EQ(clients_[0]->read_answer().body(), "quick 1");
    EXPECT_EQ(clients_[1]->read_answer().body(), "quick 2");
    EXPECT_EQ(told(2, " request(s) answered 503: the queue was full (queue.max_length = 2)"), 2U)
        << site().daemon().log();
}

TEST_F(Queue, ThatIsFullAnswers503WholeThroughNginx) {
    if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    site().pool().set("queue.max_length", "1");
    site().start();
    RunningScript busy(site().address(), site().request("/busy.php"));
    send_one("/quick.php");
    ASSERT_TRUE(line_is(1));
    const Nginx nginx(site().address(), site().root(), UpstreamUse::Short, "client_body_buffer_size 1m;");
    HttpClient client(nginx.address());
    for (int i = 0; i < 10; ++i) {
        // With a body: an answer that is closed upon too early would be lost in a reset.
        const HttpAnswer answer = client.post("/quick.php", std::string(100'000, 'x'));
        ASSERT_EQ(answer.status, 503) << nginx.error_log();
        ASSERT_EQ(answer.body, "503 Service Unavailable\n");
    }
    EXPECT_EQ(nginx.error_log(), "");
}

TEST_F(Queue, AnswersThoseWhoHaveWaitedForTooLong503) {
    site().pool().set("queue.timeout", "1");
    site().start();
    RunningScript busy(site().address(), site().request("/busy.php"));
    const auto begin = Clock::now();
    FastCgiClient& first = send_one("/quick.php?n=1");
    FastCgiClient& second = send_one("/quick.php?n=2", /*keep=*/true);
    EXPECT_EQ(first.read_answer().status(), 503);
    EXPECT_EQ(second.read_answer().status(), 503);
    EXPECT_GE(Clock::now() - begin, milliseconds(900));
    EXPECT_LT(Clock::now() - begin, milliseconds(10'000));
    EXPECT_EQ(line_status(site(), "expired requests"), 2);
    EXPECT_EQ(told(2, " request(s) answered 503: they had waited for 1 s (queue.timeout)"), 2U)
        << site().daemon().log();
    let_scripts_end(site());
    EXPECT_TRUE(busy.rest().complete());
}

/// php-fpm runs them: 12 of 3 seconds each, given up at once, block 4 workers for 8 s.
TEST_F(Queue, DropsRequestsWhoseClientHasLeft) {
    site().pool().set("pm.max_children", "4");
    site().script("leave.php",
                  "<?php touch('ran' . $_GET['n']); ignore_user_abort(true); "
                  "for ($i = 0; $i < 12000 && !file_exists(__DIR__ . '/go'); $i++) usleep(5000);");
    std::filesystem::permissions(site().root(), std::filesystem::perms::all);
    site().start();
    for (int i = 0; i < 12; ++i) send_one("/leave.php?n=" + std::to_string(i), i % 3 == 0);
    ASSERT_TRUE(line_is(8)) << site().get("/status?queue&full").body() << site().daemon().log();
    for (const auto& client : clients_) client->close();
    EXPECT_TRUE(line_is(0));
    let_scripts_end(site());
    EXPECT_EQ(site().get("/quick.php").body(), "quick ");
    std::size_t ran = 0;
    for (int i = 0; i < 12; ++i)
        ran += std::filesystem::exists(site().root() / ("ran" + std::to_string(i))) ? 1 : 0;
    EXPECT_EQ(ran, 4u);
    EXPECT_EQ(line_status(site(), "abandoned requests"), 8);
    EXPECT_EQ(told(8, " request(s) dropped: their clients left before a worker was free"), 8U)
        << site().daemon().log();
}

/// Nobody else has to join the line for that.
TEST_F(Queue, LooksAfterARequestThatItsStoppedWorkerHasNotTaken) {
    site().pool().set("queue.timeout", "1");
    site().start();
    ASSERT_EQ(site().get("/quick.php").body(), "quick ");
    // The start's own line may still be looked at for a moment.
    std::this_thread::sleep_for(milliseconds(500));
    const pid_t worker = site().daemon().workers().front();
    ASSERT_TRUE(stop_process(worker));
    // Its head is here when the master first sees it: it has not been in the line yet.
    ASSERT_TRUE(stop_process(site().daemon().pid()));
    FastCgiClient& client = send_one("/quick.php?n=1");
    ASSERT_TRUE(site().daemon().signal(SIGCONT));
    const Answer answer = client.read_answer();
    ASSERT_TRUE(signal_process(worker, SIGCONT));
    EXPECT_EQ(answer.status(), 503);
    EXPECT_EQ(site().get("/quick.php").body(), "quick ");
    EXPECT_EQ(line_status(site(), "expired requests"), 1);
}

/// One that has only ended its sending still reads.
TEST_F(Queue, KeepsAClientThatHasEndedItsSending) {
    site().start();
    RunningScript busy(site().address(), site().request("/busy.php"));
    FastCgiClient& client = send_one("/quick.php?n=half");
    client.finish_sending();
    std::this_thread::sleep_for(milliseconds(500));
    let_scripts_end(site());
    EXPECT_EQ(client.read_answer().body(), "quick half");
}

TEST_F(Queue, IsFullWhenItsHeadsFillTheBuffer) {
    site().pool().set("queue.max_buffer", "512K");
    site().start();
    RunningScript busy(site().address(), site().request("/busy.php"));
    Request large = site().request("/quick.php");
    large.set("HTTP_X_ONE", std::string(50'000, 'x')).set("HTTP_X_TWO", std::string(50'000, 'x'));
    for (int i = 0; i < 8; ++i) {
        clients_.push_back(std::make_unique<FastCgiClient>(site().address()));
        ASSERT_TRUE(clients_.back()->send(large));
        ASSERT_TRUE(eventually(kPatience, [&] {
            return line_status(site(), "queue length") + line_status(site(), "shed requests") == i + 1;
        })) << i;
    }
    EXPECT_EQ(line_status(site(), "queue length"), 5);
    EXPECT_TRUE(site().daemon().wait_for_log(
        "request(s) answered 503: the heads of those in the queue fill queue.max_buffer"));
    let_scripts_end(site());
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        EXPECT_EQ(clients_[i]->read_answer().body(), i < 5 ? "quick " : "503 Service Unavailable\n") << i;
    }
}

}  // namespace
}  // namespace phalanx::harness

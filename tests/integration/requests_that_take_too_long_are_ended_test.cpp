#include <csignal>

#include "harness/http_client.hpp"
#include "harness/nginx.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// request_terminate_timeout.
class TerminateTimeout : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().pool().set("pm.max_children", "1").set("request_terminate_timeout", "1s");
        site().pool().set("access.log", (site().files() / "access.log").string());
        site().script("hang.php",
                      "<?php $end = microtime(true) + 30; while (microtime(true) < $end) usleep(5000);");
        site().script("spin.php", "<?php set_time_limit(0); while (true);");
        site().script("begun.php", "<?php echo str_repeat('x', 20000); flush(); sleep(30);");
        site().script("quick.php", "<?php echo getmypid();");
    }
    std::string access_log() { return read_file(site().files() / "access.log"); }
};

TEST_F(TerminateTimeout, ClientsThatHaveHeardNothingGet504) {
    SKIP_UNLESS_PHALANX("a bare close");
    site().start();
    for (const char* script : {"/hang.php?a=b", "/spin.php"}) {
        const auto asked = Clock::now();
        const Answer answer = ask(site().address(), site().request(script));
        EXPECT_EQ(answer.status(), 504) << script << answer;
        EXPECT_EQ(answer.body(), "504 Gateway Timeout\n");
        EXPECT_TRUE(answer.complete());
        const auto took = Clock::now() - asked;
        EXPECT_GE(took, milliseconds(1000));
        EXPECT_LT(took, milliseconds(2500));
    }
    EXPECT_TRUE(site().daemon().wait_for_log("(request: \"GET /hang.php?a=b\") execution timed out (1."));
    EXPECT_TRUE(site().daemon().wait_for_log(" sec), terminating"));
    EXPECT_TRUE(site().daemon().wait_for_log("exited on signal 15 (SIGTERM) after "));
    EXPECT_NE(site().get("/quick.php").body(), "");
    EXPECT_NE(access_log().find("\"GET /hang.php\" 504\n"), std::string::npos) << access_log();
}

TEST_F(TerminateTimeout, KeptConnectionsGetItToo) {
    SKIP_UNLESS_PHALANX("a bare close");
    site().start();
    FastCgiClient client(site().address());
    const std::string worker = client.exchange(site().request("/quick.php").keep_connection()).body();
    const Answer answer = client.exchange(site().request("/hang.php").keep_connection());
    EXPECT_EQ(answer.status(), 504) << answer;
    EXPECT_TRUE(client.wait_until_closed());
}

TEST_F(TerminateTimeout, IdleKeptConnectionsAreLeftAlone) {
    SKIP_UNLESS_PHALANX("it ends the worker");
    site().start();
    FastCgiClient client(site().address());
    const std::string worker = client.exchange(site().request("/quick.php").keep_connection()).body();
    EXPECT_FALSE(client.wait_until_closed(milliseconds(1800)));
    EXPECT_EQ(client.exchange(site().request("/quick.php").keep_connection()).body(), worker);
    EXPECT_EQ(site().daemon().log().find("terminating"), std::string::npos);
}

TEST_F(TerminateTimeout, AnAnswerThatHasBegunIsCutOff) {
    site().start();
    const Answer answer = ask(site().address(), site().request("/begun.php"));
    EXPECT_TRUE(answer.closed) << answer;
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.output.find("504"), std::string::npos);
}

TEST_F(TerminateTimeout, AStoppedWorkerIsKilledASecondLater) {
    SKIP_UNLESS_PHALANX("it stays for ever");
    site().pool().set("catch_workers_output", "yes");
    site().script("told.php", "<?php file_put_contents('php://stderr', \"it runs\\n\"); sleep(30);");
    site().start();
    FastCgiClient client(site().address());
    const Answer first = client.exchange(site().request("/quick.php").keep_connection());
    ASSERT_TRUE(client.send(site().request("/told.php").keep_connection()));
    ASSERT_TRUE(site().daemon().wait_for_log("it runs"));
    ASSERT_TRUE(stop_process(std::atoi(first.body().c_str())));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status(), 504) << "the master answers for it" << answer;
    EXPECT_TRUE(site().daemon().wait_for_log("exited on signal 9 (SIGKILL)"));
    EXPECT_NE(site().get("/quick.php").body(), "");
}

TEST_F(TerminateTimeout, FinishedRequestsCountOnlyWhereAsked) {
    std::filesystem::permissions(site().root(), std::filesystem::perms::all);
    site().script("late.php",
                  "<?php echo 'sent'; fastcgi_finish_request(); $end = microtime(true) + 2.5;"
                  "while (microtime(true) < $end) usleep(5000); touch(__DIR__ . '/went-on');");
    site().start();
    EXPECT_EQ(site().get("/late.php").body(), "sent");
    EXPECT_TRUE(eventually(kPatience, [&] { return std::filesystem::exists(site().root() / "went-on"); }));
    site().end();
    std::filesystem::remove(site().root() / "went-on");
    site().pool().set("request_terminate_timeout_track_finished", "yes");
    site().start();
    EXPECT_EQ(site().get("/late.php").body(), "sent");
    EXPECT_TRUE(site().daemon().wait_for_log("exited on signal 15 (SIGTERM)"));
    EXPECT_FALSE(std::filesystem::exists(site().root() / "went-on"));
}

TEST_F(TerminateTimeout, TheLogNamesARequestWhoseBodyIsStillComing) {
    site().start();
    FastCgiClient client(site().address());
    Request request = site().request("/quick.php?a=b", "POST").with_body("x", "text/plain");
    ASSERT_TRUE(client.send(encode_head(request.set("CONTENT_LENGTH", "1000"))));
    EXPECT_TRUE(
        site().daemon().wait_for_log("quick.php' (request: \"POST /quick.php?a=b\") execution timed out"));
}

TEST_F(TerminateTimeout, AWorkerWhoseScriptEndedInTimeAfterAllIsSpared) {
    SKIP_UNLESS_PHALANX("Debian's has no pcntl");
    site().pool().set("php_admin_value[extension]", "pcntl");
    site().script(
        "stubborn.php",
        "<?php pcntl_async_signals(true); pcntl_signal(SIGTERM, function () { echo 'told'; exit; });"
        "while (true) usleep(5000);");
    site().start();
    const std::string worker = site().get("/quick.php").body();
    EXPECT_EQ(site().get("/stubborn.php").body(), "told");
    const auto end = Clock::now() + milliseconds(1500);
    while (Clock::now() < end) {
        ASSERT_EQ(site().get("/quick.php").body(), worker) << "an innocent request's worker was ended";
        std::this_thread::sleep_for(milliseconds(20));
    }
}

TEST_F(TerminateTimeout, NginxPassesTheAnswerOn) {
    SKIP_UNLESS_PHALANX("nginx makes a 502 of the bare close");
    if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    site().start();
    const Nginx nginx(site().address(), site().root(), UpstreamUse::Kept);
    const HttpAnswer answer = HttpClient(nginx.address()).get("/hang.php");
    EXPECT_EQ(answer.status, 504);
    EXPECT_EQ(answer.body, "504 Gateway Timeout\n");
}

}  // namespace
}  // namespace phalanx::harness

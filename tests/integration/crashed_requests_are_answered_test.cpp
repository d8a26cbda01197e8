#include <csignal>

#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// A worker that dies over a request of which nothing was answered.
class CrashedRequests : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("a bare close");
        site().pool().set("pm.max_children", "1").set("php_admin_value[extension]", "posix");
        site().pool().set("access.log", (site().files() / "access.log").string());
        site().script("crash.php", "<?php posix_kill(getmypid(), (int) $_GET['signal']); sleep(5);");
        site().script("quick.php", "<?php echo 'quick';");
    }
    Request crash_by(int signal) { return site().request("/crash.php?signal=" + std::to_string(signal)); }
};

TEST_F(CrashedRequests, Get502FromTheDyingWorker) {
    site().start();
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGXFSZ}) {
        const Answer answer = ask(site().address(), crash_by(signal));
        EXPECT_EQ(answer.status(), 502) << signal << answer;
        EXPECT_EQ(answer.body(), "502 Bad Gateway\n");
        EXPECT_TRUE(answer.complete());
        EXPECT_TRUE(site().daemon().wait_for_log("exited on signal " + std::to_string(signal) + " ("));
    }
    EXPECT_EQ(site().get("/quick.php").body(), "quick");
    const std::string log = read_file(site().files() / "access.log");
    EXPECT_NE(log.find("\"GET /crash.php\" 502\n"), std::string::npos) << log;
}

TEST_F(CrashedRequests, Get502FromTheMasterWhereTheWorkerCouldNot) {
    site().start();
    FastCgiClient client(site().address());
    EXPECT_EQ(client.exchange(site().request("/quick.php").keep_connection()).body(), "quick");
    const Answer answer = client.exchange(crash_by(SIGKILL).keep_connection());
    EXPECT_EQ(answer.status(), 502) << answer;
    EXPECT_TRUE(client.wait_until_closed());
    const std::string log = read_file(site().files() / "access.log");
    EXPECT_NE(log.find("\"GET /crash.php\" 502\n"), std::string::npos) << log;
}

TEST_F(CrashedRequests, AreAnsweredUnderTheirOwnNumber) {
    site().start();
    FastCgiClient client(site().address());
    Request first = site().request("/quick.php").keep_connection();
    Request second = crash_by(SIGKILL).keep_connection();
    // From now on the master holds the connection, whoever has accepted it.
    EXPECT_EQ(client.exchange(first).body(), "quick");
    first.id = 7;
    second.id = 0x1234;
    ASSERT_TRUE(client.send(encode(first) + encode(second)));
    EXPECT_EQ(client.read_answer().body(), "quick");
    const auto record = client.read_record();
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->id, second.id);
    EXPECT_TRUE(record->content.starts_with("Status: 502")) << record->content;
}

TEST_F(CrashedRequests, ThatWereLoggedAreNotLoggedAgain) {
    site().script(
        "late.php",
        "<?php register_shutdown_function(function () { posix_kill(getmypid(), 9); sleep(5); }); echo 'x';");
    site().start();
    EXPECT_NE(ask(site().address(), site().request("/late.php")).status(), 200);
    EXPECT_TRUE(site().daemon().wait_for_log("exited on signal 9"));
    EXPECT_EQ(site().get("/quick.php").body(), "quick");
    const std::string log = read_file(site().files() / "access.log");
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
}

TEST_F(CrashedRequests, Get502WherePhpCannotEvenStart) {
    SKIP_UNLESS_PHALANX("closes the connection");
    site().start();
    const Answer answer =
        ask(site().address(), site().request("/quick.php").set("PHP_VALUE", "session.save_handler=user"));
    EXPECT_EQ(answer.status(), 502) << answer;
    EXPECT_TRUE(answer.complete());
    EXPECT_EQ(site().get("/quick.php").body(), "quick");
}

TEST_F(CrashedRequests, AreCutOffOnceTheirAnswerHasBegun) {
    site().script("begun.php", "<?php echo 'begun'; flush(); posix_kill(getmypid(), " +
                                   std::to_string(SIGSEGV) + "); sleep(5);");
    site().start();
    const Answer answer = ask(site().address(), site().request("/begun.php"));
    EXPECT_EQ(answer.body(), "begun");
    EXPECT_TRUE(answer.closed) << answer;
}

TEST_F(CrashedRequests, Get503WhenTheMasterIsTerminated) {
    site().pool().set("catch_workers_output", "yes");
    site().script("busy.php", "<?php file_put_contents('php://stderr', \"it runs\\n\"); sleep(20);");
    site().start();
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(site().request("/busy.php")));
    ASSERT_TRUE(site().daemon().wait_for_log("it runs"));
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(client.read_answer().status(), 503);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
}

TEST_F(CrashedRequests, HoldUpNoStopThatIsAskedForAgainAndAgain) {
    site().start();
    FastCgiClient client(site().address());
    const pid_t worker = site().daemon().workers().empty() ? 0 : site().daemon().workers().front();
    ASSERT_EQ(client.exchange(site().request("/quick.php").keep_connection()).body(), "quick");
    ASSERT_TRUE(stop_process(worker != 0 ? worker : site().daemon().workers().front()));
    const auto begun = Clock::now();
    while (site().daemon().running() && Clock::now() - begun < milliseconds(5000)) {
        site().daemon().signal(SIGTERM);
        std::this_thread::sleep_for(milliseconds(50));
    }
    EXPECT_LT(Clock::now() - begun, milliseconds(2000));
}

}  // namespace
}  // namespace phalanx::harness

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
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
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

TEST_F(CrashedRequests, AreCutOffOnceTheirAnswerHasBegun) {
    site().script("begun.php", "<?php echo 'begun'; flush(); posix_kill(getmypid(), " +
                                   std::to_string(SIGSEGV) + "); sleep(5);");
    site().start();
    const Answer answer = ask(site().address(), site().request("/begun.php"));
    EXPECT_EQ(answer.body(), "begun");
    EXPECT_TRUE(answer.closed) << answer;
}

TEST_F(CrashedRequests, Get503WhenTheMasterIsTerminated) {
    site().script("busy.php", "<?php file_put_contents('php://stderr', 'x'); sleep(20);");
    site().start();
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(site().request("/busy.php")));
    std::this_thread::sleep_for(kWatch);
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(client.read_answer().status(), 503);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
}

}  // namespace
}  // namespace phalanx::harness

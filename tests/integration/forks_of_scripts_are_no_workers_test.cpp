#include <csignal>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// pcntl_fork in a worker: the copy runs the script to its end and touches nothing that is the worker's.
class ForksOfScripts : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("Debian's has no pcntl");
        site().pool().set("pm.max_children", "1").set("php_admin_value[extension]", "pcntl");
        site().pool().set("access.log", (site().files() / "access.log").string());
        site().pool().set("catch_workers_output", "yes");
    }

    /// What the child left in a file, once it did.
    std::string child_said() {
        std::string text;
        (void)eventually(kPatience, [&] { return !(text = read_file(site().root() / "child.txt")).empty(); });
        return text;
    }
    /// A place where the pool's user may write.
    void make_writable() { std::filesystem::permissions(site().root(), std::filesystem::perms::all); }
};

TEST_F(ForksOfScripts, AnswerOnceAndWriteOneLogLine) {
    site().script("fork.php",
                  "<?php echo 'before '; $pid = pcntl_fork();"
                  "if ($pid === 0) { echo 'child'; header('X-Child: 1'); exit(7); }"
                  "pcntl_waitpid($pid, $status); echo 'code ', pcntl_wexitstatus($status);");
    site().script("next.php", "<?php echo getmypid();");
    site().start();
    FastCgiClient client(site().address());
    const std::string worker = client.exchange(site().request("/next.php").keep_connection()).body();
    for (int round = 0; round < 3; ++round) {
        const Answer answer = client.exchange(site().request("/fork.php").keep_connection());
        EXPECT_EQ(answer.body(), "before code 7") << answer;
        EXPECT_FALSE(answer.header("X-Child").has_value());
    }
    EXPECT_EQ(client.exchange(site().request("/next.php").keep_connection()).body(), worker);
    const std::string log = read_file(site().files() / "access.log");
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 5) << log;
}

TEST_F(ForksOfScripts, MayExecuteAProgramAsTheWorkerMayNot) {
    make_writable();
    site().script("exec.php",
                  "<?php if (($_GET['fork'] ?? '') && ($pid = pcntl_fork())) { pcntl_waitpid($pid, $status);"
                  "echo 'code ', pcntl_wexitstatus($status); exit; }"
                  "var_dump(@pcntl_exec('/bin/sh', ['-c', 'exit 7'])); echo getmypid();");
    site().start();
    FastCgiClient client(site().address());
    const Answer refused = client.exchange(site().request("/exec.php").keep_connection());
    EXPECT_TRUE(refused.body().starts_with("bool(false)\n")) << refused;
    EXPECT_EQ(client.exchange(site().request("/exec.php?fork=1").keep_connection()).body(), "code 7");
    // The same worker goes on.
    EXPECT_EQ(client.exchange(site().request("/exec.php").keep_connection()).body(), refused.body());
}

TEST_F(ForksOfScripts, HoldNoDescriptorOfTheWorker) {
    make_writable();
    site().script(
        "fork.php",
        "<?php if (pcntl_fork() === 0) { clearstatcache(); $open = [];"
        "foreach (scandir('/proc/self/fd') as $fd) { $to = @readlink(\"/proc/self/fd/$fd\");"
        "if ($fd > 2 && $to !== false && $to !== __FILE__) $open[] = \"$fd=$to\"; }"
        "file_put_contents(__DIR__ . '/child.txt', 'open: ' . implode(' ', $open)); exit; } echo 'parent';");
    site().start();
    EXPECT_EQ(site().get("/fork.php").body(), "parent");
    EXPECT_EQ(child_said(), "open: ");
}

TEST_F(ForksOfScripts, OutliveTheRequestAndHoldUpNothing) {
    make_writable();
    site().script("fork.php", "<?php $pid = pcntl_fork(); if ($pid === 0) { sleep(60); exit; } echo $pid;");
    site().script("next.php", "<?php echo 'served';");
    site().start();
    FastCgiClient client(site().address());
    const Answer answer = client.exchange(site().request("/fork.php"));
    const pid_t child = std::atoi(answer.body().c_str());
    ASSERT_GT(child, 0) << answer;
    EXPECT_TRUE(client.wait_until_closed()) << "the child holds the connection";
    EXPECT_EQ(site().get("/next.php").body(), "served");
    site().daemon().signal(SIGQUIT);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_TRUE(is_alive(child));
    EXPECT_TRUE(kill_process(child));
    site().end();
    site().start();
    EXPECT_EQ(site().get("/next.php").body(), "served");
}

TEST_F(ForksOfScripts, SayTheirMessagesUnderThePoolsName) {
    site().script("fork.php",
                  "<?php $pid = pcntl_fork(); if ($pid === 0) { error_log('said by the child'); exit; }"
                  "pcntl_waitpid($pid, $status); echo 'parent';");
    site().start();
    const Answer answer = site().get("/fork.php");
    EXPECT_EQ(answer.body(), "parent");
    EXPECT_EQ(answer.errors, "");
    EXPECT_TRUE(site().daemon().wait_for_log("said by the child"));
}

TEST_F(ForksOfScripts, MayChangeWhatSignalsDoForTheirRequestOnly) {
    site().script("signals.php",
                  "<?php pcntl_signal(SIGQUIT, SIG_IGN); pcntl_signal(SIGTERM, SIG_IGN); pcntl_alarm(1);"
                  "pcntl_sigprocmask(SIG_BLOCK, [SIGQUIT, SIGTERM]); echo getmypid();");
    site().script("next.php", "<?php usleep(1500000); echo getmypid();");
    site().start();
    const std::string worker = site().get("/signals.php").body();
    EXPECT_EQ(site().get("/next.php").body(), worker) << "its alarm went off in the next request";
    ASSERT_TRUE(signal_process(std::atoi(worker.c_str()), SIGTERM));
    EXPECT_TRUE(site().daemon().wait_for_log("exited on signal 15 (SIGTERM)"));
}

}  // namespace
}  // namespace phalanx::harness

#include <unistd.h>

#include <csignal>
#include <fstream>

#include "harness/process.hpp"
#include "harness/site.hpp"
#include "harness/temp_dir.hpp"

namespace phalanx::harness {
namespace {

class SlowRequest : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        slow_log_ = site().files() / "slow.log";
        site().pool().set("slowlog", slow_log_.string()).set("request_slowlog_timeout", "1");
    }
    [[nodiscard]] std::string log() const { return read_file(slow_log_); }
    [[nodiscard]] bool has_entry(std::string_view text) {
        return eventually(kPatience, [&] { return log().find(text) != std::string::npos; });
    }
    /// Requests the script and waits for its answer.
    [[nodiscard]] Answer answer_of(const std::string& code) {
        site().script("slow.php", code);
        return site().get("/slow.php");
    }

    std::filesystem::path slow_log_;
};

TEST_F(SlowRequest, IsTracedOnceAndCounted) {
    site().pool().set("pm.status_path", "/status");
    site().start();
    const Answer answer = answer_of("<?php function inner() { sleep(2); }\n inner(); echo 'done';");
    EXPECT_EQ(answer.body(), "done");
    const std::string script = (site().root() / "slow.php").string();
    EXPECT_TRUE(has_entry("] sleep() " + script + ":1\n")) << log();
    EXPECT_TRUE(has_entry("] inner() " + script + ":2\n")) << log();
    EXPECT_TRUE(has_entry("script_filename = " + script + "\n")) << log();
    EXPECT_EQ(log().find("pool www", log().find("pool www") + 1), std::string::npos) << log();
    EXPECT_NE(site().get("/status").body().find("slow requests:        1"), std::string::npos);
}

TEST_F(SlowRequest, GoesOnUndisturbed) {
    site().start();
    const Answer answer = answer_of(
        "<?php $t = microtime(true); $a = sleep(2); $s = stream_socket_pair(STREAM_PF_UNIX, "
        "STREAM_SOCK_STREAM, 0); $r = [$s[0]]; $w = $e = null; $b = stream_select($r, $w, $e, 0, 300000); "
        "var_dump($a, $b, microtime(true) - $t >= 2.3);");
    EXPECT_EQ(answer.body(), "int(0)\nint(0)\nbool(true)\n");
    EXPECT_TRUE(has_entry("] sleep() ")) << log();
}

TEST_F(SlowRequest, IsTracedWhileItComputes) {
    site().with_opcache();
    site().start();
    const Answer answer = answer_of(
        "<?php function spin() { $end = microtime(true) + 4; do { for ($i = 0, $x = 0; $i < 9999; $i++) "
        "$x += $i; } while (microtime(true) < $end); }\n spin(); echo 'done';");
    EXPECT_EQ(answer.body(), "done");
    EXPECT_TRUE(has_entry("] spin() " + (site().root() / "slow.php").string() + ":2\n")) << log();
}

TEST_F(SlowRequest, ShowsAsManyFramesAsWanted) {
    site().pool().set("request_slowlog_trace_depth", "600");
    site().start();
    (void)answer_of("<?php function deep($n) { if ($n) deep($n - 1); else sleep(2); } deep(500);");
    ASSERT_TRUE(eventually(kPatience, [&] {
        std::size_t frames = 0;
        const std::string text = log();
        for (std::size_t at = 0; (at = text.find("] deep() ", at)) != std::string::npos; ++at) ++frames;
        return frames == 501;
    })) << log();
}

TEST_F(SlowRequest, IsTracedInAJail) {
    SKIP_UNLESS_ROOT("chroot");
    site().pool().set("chroot", site().root().string());
    site().start();
    site().script("slow.php", "<?php sleep(2); echo 'done';");
    Request request = site().request("/slow.php");
    request.set("SCRIPT_FILENAME", "/slow.php").set("DOCUMENT_ROOT", "/");
    EXPECT_EQ(ask(site().address(), request).body(), "done");
    EXPECT_TRUE(has_entry("] sleep() /slow.php:1\n")) << log();
}

TEST_F(SlowRequest, IsWrittenDownWithoutATemplateToo) {
    SKIP_UNLESS_PHALANX("it has none");
    site().start();
    site().script("slow.php", "<?php sleep(2); echo 'done';");
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(site().request("/slow.php")));
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().templates().size() == 1; }));
    ASSERT_TRUE(kill_process(site().daemon().templates()[0]));
    EXPECT_EQ(client.read_answer().body(), "done");
    EXPECT_TRUE(has_entry("+++ dump failed\n")) << log();
}

TEST_F(SlowRequest, OfAFormerGenerationIsTraced) {
    SKIP_UNLESS_PHALANX("it ends with the reload");
    site().start();
    site().script("slow.php", "<?php sleep(2); echo 'done';");
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(site().request("/slow.php")));
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(client.read_answer().body(), "done");
    EXPECT_TRUE(has_entry("] sleep() ")) << log();
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().templates().size() == 1; }));
}

/// As when a database hangs: far more at once than a template is asked for at a time.
TEST_F(SlowRequest, ManyAtOnceAreAllTraced) {
    constexpr std::size_t kMany = 80;
    site().pool().set("pm.max_children", std::to_string(kMany));
    site().script("slow.php", "<?php sleep(6); echo 'done';");
    site().start();
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == kMany; }));
    std::vector<FastCgiClient> clients;
    for (std::size_t i = 0; i < kMany; ++i) {
        clients.emplace_back(site().address());
        ASSERT_TRUE(clients.back().send(site().request("/slow.php")));
    }
    for (FastCgiClient& client : clients) EXPECT_EQ(client.read_answer().body(), "done");
    EXPECT_TRUE(eventually(kPatience, [&] {
        std::size_t traces = 0;
        const std::string text = log();
        for (std::size_t at = 0; (at = text.find("] sleep() ", at)) != std::string::npos; ++at) ++traces;
        return traces == kMany;
    })) << log();
}

TEST_F(SlowRequest, LogThatCannotBeWrittenHoldsNothingUp) {
    site().start();
    std::filesystem::remove(slow_log_);
    std::filesystem::create_directory(slow_log_);
    EXPECT_EQ(answer_of("<?php sleep(2); echo 'done';").body(), "done");
    EXPECT_TRUE(site().daemon().wait_for_log("unable to open slowlog")) << site().daemon().log();
}

TEST_F(SlowRequest, IsTracedBeforeItIsEnded) {
    site().pool().set("request_terminate_timeout", "1");
    site().start();
    (void)answer_of("<?php sleep(3);");
    EXPECT_TRUE(has_entry("] sleep() ")) << log();
    EXPECT_TRUE(site().daemon().wait_for_log("execution timed out")) << site().daemon().log();
}

TEST_F(SlowRequest, NeedsNoMoreDescriptorsThanThePoolAllows) {
    SKIP_UNLESS_PHALANX("its master traces");
    SKIP_UNLESS_ROOT("a limit is exceeded");
    site().pool().set("rlimit_files", "24").set("pm.max_children", "30").set("pm.max_requests", "3");
    site().script(
        "limit.php",
        "<?php preg_match('/open files +(\\d+) +(\\d+)/', file_get_contents('/proc/self/limits'), $m); "
        "echo \"$m[1] $m[2]\";");
    site().start();
    for (int i = 0; i < 20; ++i) ASSERT_EQ(site().get("/limit.php").body(), "24 24") << i;
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == 30; }));
    EXPECT_EQ(answer_of("<?php sleep(2); echo 'done';").body(), "done");
    EXPECT_TRUE(has_entry("] sleep() ")) << log();
}

TEST_F(SlowRequest, TemplateForgetsWorkersThatLeft) {
    SKIP_UNLESS_PHALANX("it has none");
    site().pool().set("pm.max_requests", "1").set("pm.max_children", "2");
    site().script("x.php", "<?php echo 'x';");
    site().start();
    ASSERT_EQ(site().get("/x.php").body(), "x");
    const pid_t its_template = site().daemon().templates().at(0);
    for (int i = 0; i < 200; ++i) ASSERT_EQ(site().get("/x.php").body(), "x") << i;
    // Its own nine, and one for each slot.
    const auto open = [&] { return open_descriptors(its_template).value_or(0); };
    EXPECT_TRUE(eventually(kPatience, [&] { return open() <= 12; })) << open();
    EXPECT_EQ(answer_of("<?php sleep(2); echo 'done';").body(), "done");
    EXPECT_TRUE(has_entry("] sleep() ")) << log();
}

}  // namespace
}  // namespace phalanx::harness

#include <gmock/gmock.h>

#include "harness/http_client.hpp"
#include "harness/nginx.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// A script that brings the process down from inside PHP or an extension.
struct Crash {
    const char* name;
    const char* code;
};

constexpr std::array kCrashes{
    Crash{
        "SerializingNestedArrays",
        "ini_set('memory_limit', '1G'); $a = []; for ($i = 0; $i < 500000; ++$i) $a = [$a]; serialize($a);"},
    Crash{"FreeingALongChain",
          "ini_set('memory_limit', '1G'); $a = null; for ($i = 0; $i < 500000; ++$i) $a = (object)['next' => "
          "$a]; "
          "$a = null;"},
    Crash{"CallingBackWithoutEnd",
          "ini_set('memory_limit', '1G'); function f() { array_map('f', [1]); } f();"},
    Crash{"KillingItself", "posix_kill(getmypid(), 11);"},
};

/// Its clients have lost an answer at the latest then.
constexpr milliseconds kPromptly{5'000};

class CrashingScript : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("pid.php", "<?php echo getmypid();");
        site().script("kill.php", crash("posix_kill(getmypid(), 11);"));
        site().script("long.php", script_that_takes(0.5));
        site().start_options().arguments.insert(site().start_options().arguments.end(),
                                                {"-d", "extension=posix.so"});
    }
    static std::string crash(const std::string& code) {
        return "<?php if (isset($_GET['talk'])) { echo getmypid(), ' '; flush(); } " + code +
               " echo 'lived';";
    }
    pid_t pid() { return std::atoi(site().get("/pid.php").body().c_str()); }
    /// An answer that was not begun may also be made up for it.
    static void expect_lost(const Answer& answer) {
        EXPECT_FALSE(answer.timed_out) << "its client must be told at once";
        EXPECT_TRUE(answer.closed || answer.status() == 502) << answer;
        EXPECT_EQ(answer.output.find("lived"), std::string::npos) << answer;
    }
    void expect_replaced(pid_t crashed) {
        const std::string number = std::to_string(crashed);
        EXPECT_TRUE(site().daemon().wait_for_log("WARNING: [pool www] child " + number +
                                                 " exited on signal 11 (SIGSEGV"))
            << site().daemon().log();
        EXPECT_TRUE(eventually(kPatience, [this] { return site().daemon().workers().size() == 2; }));
        EXPECT_THAT(site().daemon().workers(), testing::Not(testing::Contains(crashed)));
    }
};

class CrashingScriptBy : public CrashingScript, public testing::WithParamInterface<Crash> {};

TEST_P(CrashingScriptBy, TakesOnlyItsWorkerAlong) {
    site().script("crash.php", crash(GetParam().code));
    site().start();
    RunningScript other(site().address(), site().request("/long.php"));
    FastCgiClient kept(site().address());
    EXPECT_GT(std::atoi(kept.exchange(site().request("/pid.php").keep_connection()).body().c_str()), 0);
    if (!drives_phalanx()) kept.close();  // it would hold the other worker
    const auto begin = Clock::now();
    RunningScript crashing(site().address(), site().request("/crash.php?talk"));
    ASSERT_GT(crashing.pid(), 0);
    expect_lost(crashing.rest());
    EXPECT_LT(Clock::now() - begin, kPromptly);
    EXPECT_EQ(other.rest().output, "done") << "another worker's request is lost";
    expect_replaced(crashing.pid());
    EXPECT_GT(pid(), 0);
    if (drives_phalanx()) {
        EXPECT_GT(std::atoi(kept.exchange(site().request("/pid.php").keep_connection()).body().c_str()), 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Of, CrashingScriptBy, testing::ValuesIn(kCrashes),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_F(CrashingScript, LosesAnAnswerThatWasNotBegunToo) {
    site().start();
    FastCgiClient client(site().address());
    expect_lost(client.exchange(site().request("/kill.php"), {}, kPromptly));
    FastCgiClient kept(site().address());
    EXPECT_GT(std::atoi(kept.exchange(site().request("/pid.php").keep_connection()).body().c_str()), 0);
    expect_lost(kept.exchange(site().request("/kill.php").keep_connection(), {}, kPromptly));
    EXPECT_GT(pid(), 0);
}

TEST_F(CrashingScript, IsABadGatewayBehindNginx) {
    if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    site().start();
    const Nginx nginx(site().address(), site().root(), UpstreamUse::Short);
    EXPECT_EQ(HttpClient(nginx.address()).get("/kill.php").status, 502);
    EXPECT_EQ(HttpClient(nginx.address()).get("/pid.php").status, 200);
}

/// A worker that served before it died is no sign that workers cannot live.
TEST_F(CrashingScript, DoesNotSlowThePoolDownHoweverOftenItIsAskedFor) {
    site().pool().set("pm.max_children", "1");
    site().start();
    const auto begin = Clock::now();
    for (int round = 0; round < 20; ++round) {
        const pid_t worker = pid();
        ASSERT_GT(worker, 0) << "round " << round;
        FastCgiClient client(site().address());
        expect_lost(client.exchange(site().request("/kill.php")));
        // Else the next request may still get to the dying one.
        ASSERT_TRUE(eventually(kPatience, [&] { return !is_alive(worker); }));
    }
    // And now in the very first request of each worker.
    for (int round = 0; round < 20; ++round) {
        FastCgiClient client(site().address());
        expect_lost(client.exchange(site().request("/kill.php")));
    }
    EXPECT_GT(pid(), 0);
    EXPECT_LT(Clock::now() - begin, 2 * kPromptly);
}

}  // namespace
}  // namespace phalanx::harness

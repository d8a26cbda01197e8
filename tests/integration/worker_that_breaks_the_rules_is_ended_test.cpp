#include <sys/socket.h>

#include <algorithm>
#include <csignal>

#include "channel_script.hpp"
#include "harness/process.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

constexpr std::string_view kRuleBroken = " broke the rules of its channel and is ended";
/// An answer within this did not wait for a socket that lingers.
constexpr milliseconds kAtOnce{5'000};

struct Breach {
    const char* name;
    const char* code;
};

class BreachedPool : public SiteTest, public testing::WithParamInterface<Breach> {
  protected:
    void start(const std::string& code) {
        with_ffi(site());
        site().script("breach.php", script_with_the_channel(code));
        site().script("pid.php", "<?php echo getmypid();");
        site().start();
        ASSERT_TRUE(eventually(kPatience, [this] { return site().daemon().workers().size() == 2; }));
    }
    void expect_a_whole_pool() {
        const auto begin = Clock::now();
        for (int i = 0; i < 4; ++i) EXPECT_NE(site().get("/pid.php").body(), "");
        EXPECT_LT(Clock::now() - begin, kAtOnce);
        EXPECT_TRUE(eventually(kPatience, [this] { return site().daemon().workers().size() == 2; }));
    }
};

class WorkerThatBreaksTheRules : public BreachedPool {};

TEST_P(WorkerThatBreaksTheRules, IsEndedAlone) {
    SKIP_UNLESS_PHALANX("its workers have no channel");
    start("echo getmypid(); flush(); " + std::string(GetParam().code) + "; sleep(60);");
    const std::vector<pid_t> before = site().daemon().workers();
    RunningScript script(site().address(), site().request("/breach.php"));
    const pid_t breaker = script.pid();
    ASSERT_EQ(std::count(before.begin(), before.end(), breaker), 1) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return !is_alive(breaker); })) << script.rest(kWatch);
    EXPECT_TRUE(site().daemon().wait_for_log(std::to_string(breaker) + std::string(kRuleBroken)))
        << site().daemon().log();
    expect_a_whole_pool();
    const std::vector<pid_t> after = site().daemon().workers();
    for (const pid_t worker : before) {
        EXPECT_EQ(std::count(after.begin(), after.end(), worker), worker == breaker ? 0 : 1);
    }
}

INSTANTIATE_TEST_SUITE_P(
    By, WorkerThatBreaksTheRules,
    testing::Values(Breach{"half_a_head", "say('short')"}, Breach{"an_empty_packet", "say('')"},
                    Breach{"a_size_that_is_not_so", "say(head(6, 4, 0, 0, 9))"},
                    Breach{"too_many_bytes", "say(head(6, 4, 0, 0, 40000) . str_repeat('x', 40000))"},
                    Breach{"an_unknown_kind", "say(head(77))"}, Breach{"a_second_hello", "say(head(5))"},
                    Breach{"a_message_of_the_masters", "say(head(1), $c->eventfd(0, 0))"},
                    Breach{"a_connection_it_never_had", "say(head(6, 4, 1000000, 7))"},
                    Breach{"giving_nothing", "say(head(7))"},
                    Breach{"giving_no_connection", "say(head(7), $c->eventfd(0, 0))"},
                    Breach{"giving_an_unconnected_socket", "say(head(7), $c->socket(2, 1, 0))"},
                    Breach{"giving_its_channel", "say(head(7), channel())"}),
    [](const auto& each) { return std::string(each.param.name); });

class PoolThatSendsManyDescriptors : public BreachedPool {};

TEST_P(PoolThatSendsManyDescriptors, IsStoppedUntilAReload) {
    SKIP_UNLESS_PHALANX("its workers have no channel");
    start("echo getmypid(); flush(); " + std::string(GetParam().code) + "; sleep(60);");
    RunningScript script(site().address(), site().request("/breach.php"));
    EXPECT_TRUE(site().daemon().wait_for_log("ALERT: [pool www] stopped, because")) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [this] { return site().daemon().others().empty(); }));
    const auto asked = Clock::now();
    EXPECT_EQ(site().get("/pid.php").status(), 503);
    EXPECT_LT(Clock::now() - asked, kAtOnce);
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    expect_a_whole_pool();
}

INSTANTIATE_TEST_SUITE_P(At, PoolThatSendsManyDescriptors,
                         testing::Values(Breach{"once", "say(head(7), ...array_fill(0, 253, 1))"}),
                         [](const auto& each) { return std::string(each.param.name); });

class DyingWorkersDescriptors : public BreachedPool {};

TEST_P(DyingWorkersDescriptors, HoldNothingUp) {
    SKIP_UNLESS_PHALANX("its workers have no channel");
    const std::uint16_t port = free_tcp_port();
    const Descriptor silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage address{};
    const socklen_t size = Address::tcp("127.0.0.1", port).fill(address);
    ASSERT_EQ(::bind(silent.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(silent.get(), 1), 0);
    const std::string go = (site().root() / "go").string();
    // It ends before the master looks, so that a packet has the last reference to the connection.
    start("$linger = lingering_connection(" + std::to_string(port) + "); echo getmypid(); flush();" +
          "while (!file_exists('" + go + "')) { clearstatcache(); usleep(1000); }" + GetParam().code +
          "; $c->_exit(0);");
    const RunningScript script(site().address(), site().request("/breach.php"));
    const pid_t breaker = script.pid();
    ASSERT_NE(breaker, 0);
    ASSERT_TRUE(stop_process(site().daemon().pid()));
    site().script("go", "");
    EXPECT_TRUE(eventually(kPatience, [&] { return !is_alive(breaker); }));
    ASSERT_TRUE(site().daemon().signal(SIGCONT));
    expect_a_whole_pool();
}

INSTANTIATE_TEST_SUITE_P(In, DyingWorkersDescriptors,
                         testing::Values(Breach{"a_surplus", "say(head(7), 1, 1, $linger)"},
                                         Breach{"an_unread_packet", "say('short'); say(head(7), $linger)"}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace phalanx::harness

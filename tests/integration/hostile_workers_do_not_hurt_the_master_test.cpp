#include <csignal>
#include <list>

#include "count_of.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

#ifdef PHALANX_SANITIZED
constexpr milliseconds kPrompt{3'000};
constexpr milliseconds kEnd{6'000};
/// What is freed stays in ASan's quarantine for a while, up to 256 MiB of it.
constexpr std::uint64_t kMoreMemoryKib = (96 + 256) * 1024;
#else
constexpr milliseconds kPrompt{1'000};
constexpr milliseconds kEnd{2'000};
constexpr std::uint64_t kMoreMemoryKib = 96 * 1024;
#endif
/// From the start of the hostile pool: its worst is over, or goes on for good.
constexpr milliseconds kSettling{500};
constexpr milliseconds kWindow{2'000};
constexpr milliseconds kPause{20};
constexpr std::size_t kClients = 4;
/// Of the master, which may hold the connections of those clients.
constexpr std::size_t kMoreDescriptors = kClients + 40;
constexpr std::size_t kLongestLog = 32UL * 1024 * 1024;

struct Hostility {
    const char* misdeed;  ///< hostile_worker/misdeeds.cpp
    enum class Socket { unix_socket, tcp } socket = Socket::unix_socket;
    enum class Log { is_bounded, may_grow } log = Log::is_bounded;
};

class HostilePool : public SiteTest, public testing::WithParamInterface<Hostility> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("it has no worker program");
        site().script("hello.php", "<?php echo 'hello';");
        Section& pool = site().add_pool("hostile");
        if (GetParam().socket == Hostility::Socket::tcp)
            pool.set("listen", "127.0.0.1:" + std::to_string(free_tcp_port()));
        pool.set("worker_program", PHALANX_HOSTILE_WORKER);
        pool.set("env[MISDEED]", GetParam().misdeed);
        pool.set("catch_workers_output", "yes");
        pool.set("queue.max_connections", "16");
        site().launch();
        ASSERT_TRUE(eventually(kPatience, [this] { return answers(); })) << site().daemon().log();
    }
    bool answers() { return site().get("/hello.php").body() == "hello"; }

    /// Clients of the hostile pool, who expect nothing.
    void connect_clients() {
        for (std::size_t i = 0; i < kClients; ++i) {
            clients_.emplace_back(site().address("hostile"));
            if (clients_.back().connected()) clients_.back().send(site().request("/hello.php"), {});
        }
    }
    void expect_prompt_answers_for(milliseconds time) {
        for (const auto end = Clock::now() + time; Clock::now() < end;) {
            const auto asked = Clock::now();
            const Answer answer = site().get("/hello.php");
            ASSERT_EQ(answer.body(), "hello") << answer << site().daemon().log();
            ASSERT_LT(Clock::now() - asked, kPrompt);
            std::this_thread::sleep_for(kPause);
        }
    }

  private:
    std::list<FastCgiClient> clients_;
};

TEST_P(HostilePool, HurtsNeitherTheMasterNorTheOtherPool) {
    const pid_t master = site().daemon().pid();
    const auto descriptors = open_descriptors(master);
    const auto memory = resident_kib(master);
    connect_clients();
    expect_prompt_answers_for(kSettling);
    const auto before = process_stat(master);
    const auto begin = Clock::now();
    expect_prompt_answers_for(kWindow);
    const auto after = process_stat(master);
    ASSERT_TRUE(descriptors && memory && before && after) << site().daemon().log();
    EXPECT_LT(after->own_cpu - before->own_cpu, (Clock::now() - begin) / 2);
    EXPECT_LT(open_descriptors(master), *descriptors + kMoreDescriptors);
    EXPECT_LT(resident_kib(master), *memory + kMoreMemoryKib);
    if (GetParam().log == Hostility::Log::is_bounded) {
        EXPECT_LT(site().daemon().log().size(), kLongestLog);
    }
    RecordProperty("cpu_ms", static_cast<int>((after->own_cpu - before->own_cpu).count() / 1000));

    ASSERT_TRUE(site().daemon().signal(SIGTERM));
    EXPECT_TRUE(site().daemon().wait(kEnd)) << "it does not end";
    EXPECT_TRUE(eventually(kEnd, [this] { return site().daemon().others().empty(); }));
}

using enum Hostility::Socket;
using enum Hostility::Log;

constexpr std::string_view kListenerHarmed = "ALERT: [pool hostile] stopped, because its listening socket";

using ShutListener = HostilePool;

TEST_P(ShutListener, IsMadeAnewByAReload) {
    ASSERT_TRUE(site().daemon().wait_for_log(std::string(kListenerHarmed))) << site().daemon().log();
    ASSERT_FALSE(FastCgiClient(site().address("hostile")).connected());
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    const auto stopped_again = [this] {
        const std::string log = site().daemon().log();
        return log.find(kListenerHarmed) != log.rfind(kListenerHarmed);
    };
    EXPECT_TRUE(eventually(kPatience, stopped_again))
        << "the next generation has no whole socket: " << site().daemon().log();
}

using TalesOfSlowClients = HostilePool;

/// A line each, whatever stands in it, and as few of them as there would be of true ones.
TEST_P(TalesOfSlowClients, DoNotFloodTheLog) {
    ASSERT_TRUE(site().daemon().wait_for_log("[pool hostile] client ")) << site().daemon().log();
    EXPECT_TRUE(site().daemon().wait_for_log(" more client(s) have sent nothing of a body"));
    const auto begin = Clock::now();
    expect_prompt_answers_for(kWindow);
    const std::string log = site().daemon().log();
    const auto spans = static_cast<std::size_t>((Clock::now() - begin) / std::chrono::seconds(10)) + 4;
    EXPECT_LE(count_of(log, "[pool hostile]"), 12 * spans) << log;
    EXPECT_EQ(count_of(log, "\n\n"), 0u) << log;
}

INSTANTIATE_TEST_SUITE_P(OfA, TalesOfSlowClients,
                         testing::Values(Hostility{"tells_of_slow_clients_without_end"}),
                         [](const auto& each) { return std::string(each.param.misdeed); });

INSTANTIATE_TEST_SUITE_P(
    OfA, ShutListener, testing::Values(Hostility{"shuts_the_listener"}, Hostility{"shuts_the_listener", tcp}),
    [](const auto& each) { return std::string(each.param.socket == tcp ? "tcp" : "unix") + "_socket"; });

INSTANTIATE_TEST_SUITE_P(
    That, HostilePool,
    testing::Values(
        Hostility{"sends_garbage"}, Hostility{"sends_half_a_head"}, Hostility{"sends_nothing"},
        Hostility{"says_hello_without_end"}, Hostility{"returns_what_it_never_had"},
        Hostility{"tells_nonsense_of_slow_clients"}, Hostility{"tells_too_much_of_slow_clients"},
        Hostility{"gives_a_slow_client"}, Hostility{"tells_of_slow_clients_without_end"},
        Hostility{"never_reads"}, Hostility{"closes_its_channel"}, Hostility{"shuts_its_channel"},
        Hostility{"shuts_its_outbox"}, Hostility{"shuts_its_inbox"}, Hostility{"gives_a_pipe"},
        Hostility{"gives_files"}, Hostility{"gives_an_epoll_set"}, Hostility{"gives_the_listener"},
        Hostility{"gives_an_unconnected_socket"}, Hostility{"gives_its_channel"},
        Hostility{"gives_nested_sockets"},

        Hostility{"makes_the_listener_wait"}, Hostility{"makes_the_listener_wait", tcp},
        Hostility{"shuts_the_listener"}, Hostility{"shuts_the_listener", tcp},
        Hostility{"shuts_the_listeners_inbox"}, Hostility{"shuts_the_listeners_inbox", tcp},
        Hostility{"gives_one_connection_again_and_again"}, Hostility{"takes_the_wake_ups"},
        Hostility{"wakes_without_end"}, Hostility{"talks_without_end", unix_socket, may_grow},
        Hostility{"talks_without_end_as_a_template", unix_socket, may_grow},

        Hostility{"spoils_options"}, Hostility{"spoils_options", tcp}, Hostility{"scribbles"},
        Hostility{"claims_that_all_are_idle"}, Hostility{"stops_itself"}, Hostility{"leaves_children"},
        Hostility{"claims_a_request_and_exits"}, Hostility{"claims_a_request_and_dies"},
        Hostility{"exits_over_each_job"}, Hostility{"is_never_ready"}, Hostility{"is_ready_without_end"},
        Hostility{"is_ready_and_exits"}, Hostility{"fails_without_end"}, Hostility{"sends_traces_unasked"},
        Hostility{"sends_files"}, Hostility{"makes_no_workers"}, Hostility{"makes_each_worker_twice"},
        Hostility{"is_every_worker_itself"}, Hostility{"speaks_before_hello"}, Hostility{"sends_a_stranger"}),
    [](const auto& each) {
        return std::string(each.param.misdeed) + (each.param.socket == tcp ? "_over_tcp" : "");
    });

}  // namespace
}  // namespace phalanx::harness

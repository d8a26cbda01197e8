#include <algorithm>
#include <filesystem>
#include <optional>
#include <ostream>
#include <sstream>
#include <thread>
#include <vector>

#include "harness/fastcgi_client.hpp"
#include "harness/load.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"
#include "system_calls.hpp"

namespace phalanx::harness {
namespace {

constexpr std::uint64_t kRequests = 300;
constexpr std::uint64_t kFewRequests = 60;
/// A request now and then takes another way than most, more of them on a machine that is busy otherwise; a
/// call that each of them makes is in every attempt.
constexpr int kAttempts = 8;

/// How requests come to the one worker.
struct Way {
    std::size_t clients;  ///< 0: one, which pauses after each answer, until the worker is idle again
    ConnectionUse use;
    const char* script = "/hello.php";
    milliseconds pause{1};

    [[nodiscard]] std::uint64_t requests() const {
        return clients == 0 && pause > milliseconds(5) ? kFewRequests : kRequests;
    }
};
/// Longer than a worker waits for a kept connection's next request.
constexpr milliseconds kLongPause{25};

/// Calls per request, at most. docs/benchmarks.md lists them; there is room for what sanitizers add.
struct Limits {
    double worker;
    double master;
    double master_waits;  ///< of the master's: one each time it is woken
    bool head_may_be_late = false;
};

struct Counts {
    SystemCallCounts worker;
    SystemCallCounts master;

    [[nodiscard]] double master_waits() const {
        return count_of_call(master, "epoll_wait") + count_of_call(master, "epoll_pwait");
    }
    /// Where the machine is busy a head comes a moment after its connection. What it takes to wait for that
    /// (a look in vain, a yield, a poll) is not the path's.
    [[nodiscard]] double waits_for_head() const {
        return std::max(count_of_call(worker, "recvmsg") - 1, 0.0) + count_of_call(worker, "sched_yield") +
               count_of_call(worker, "poll");
    }
    [[nodiscard]] bool keep_within(const Limits& limits) const {
        const double path = sum_of(worker) - (limits.head_may_be_late ? waits_for_head() : 0);
        return path <= limits.worker && sum_of(master) <= limits.master &&
               master_waits() <= limits.master_waits;
    }
};

std::ostream& operator<<(std::ostream& out, const Counts& counts) {
    return out << "worker " << sum_of(counts.worker) << " " << testing::PrintToString(counts.worker)
               << "\nmaster " << sum_of(counts.master) << " " << testing::PrintToString(counts.master)
               << "\n";
}

class SystemCalls : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("31 calls of a worker, on every way");
        site().pool().set("pm.max_children", "1");
        site().with_opcache();
        add_script("hello.php", "<?php echo 'hello';");
        add_script("slow.php", "<?php usleep(3000); echo 'hello';");
    }
    /// Opcache refuses files that are too young.
    void add_script(const char* name, const char* code) {
        std::filesystem::last_write_time(
            site().script(name, code), std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    }
    void load(const Way& way) {
        if (way.clients == 0) return ask_with_pauses(way);
        LoadPlan plan;
        plan.server = site().address();
        plan.request = site().request(way.script);
        plan.clients = way.clients;
        plan.use = way.use;
        plan.duration = kPatience;
        plan.requests = kRequests;
        const LoadReport report = run_load(plan);
        EXPECT_EQ(report.completed, kRequests) << report;
        EXPECT_EQ(report.errors(), 0u) << report;
    }
    void ask_with_pauses(const Way& way) {
        Request request = site().request(way.script);
        request.keep = way.use == ConnectionUse::Kept;
        std::optional<FastCgiClient> client;
        for (std::uint64_t i = 0; i < way.requests(); ++i) {
            if (!client || !request.keep) client.emplace(site().address());
            ASSERT_EQ(client->exchange(request).body(), "hello");
            std::this_thread::sleep_for(way.pause);
        }
    }
    /// Per request; nothing where tracing is not allowed.
    std::optional<Counts> count(const Way& way) {
        SystemCallCounter worker(site().daemon().workers().at(0), site().files());
        SystemCallCounter master(site().daemon().pid(), site().files());
        if (!worker.begin() || !master.begin()) return std::nullopt;
        load(way);
        Counts counts{worker.end(), master.end()};
        for (auto* calls : {&counts.worker, &counts.master}) {
            for (auto& [name, number] : *calls) number /= static_cast<double>(way.requests());
        }
        return counts;
    }
    void expect_at_most(const Limits& limits, const Way& way) {
        if (!SystemCallCounter::installed()) GTEST_SKIP() << "strace is not installed";
        site().start();
        load(way);  // so that everything is remembered that will be
        std::ostringstream seen;
        for (int attempt = 0; attempt < kAttempts; ++attempt) {
            const auto counts = count(way);
            if (!counts) GTEST_SKIP() << "tracing is not allowed";
            EXPECT_GE(sum_of(counts->worker), 4) << "it counts nothing";
            if (counts->keep_within(limits)) return;
            seen << *counts;
        }
        ADD_FAILURE() << "too many, in each of " << kAttempts << " attempts:\n" << seen.str();
    }
};

TEST_F(SystemCalls, AreFewOnAShortConnectionThatWakesAnIdleWorker) {
    expect_at_most({.worker = 9.5, .master = 0.5, .master_waits = 0.1, .head_may_be_late = true},
                   {0, ConnectionUse::Short});
}

TEST_F(SystemCalls, AreFewestOnAShortConnectionThatTheWorkerTakesItself) {
    expect_at_most({.worker = 8.5, .master = 1, .master_waits = 0.3, .head_may_be_late = true},
                   {6, ConnectionUse::Short});
}

TEST_F(SystemCalls, AreFewestOnAKeptConnectionWhoseClientGoesOnAtOnce) {
    expect_at_most({.worker = 7.5, .master = 2, .master_waits = 0.5}, {1, ConnectionUse::Kept});
}

TEST_F(SystemCalls, AreFewOnAKeptConnectionThatComesBackThroughTheMaster) {
    expect_at_most({.worker = 11.5, .master = 11, .master_waits = 4.5},
                   {.clients = 0, .use = ConnectionUse::Kept, .pause = kLongPause});
}

TEST_F(SystemCalls, AreFewOnMoreKeptConnectionsThanWorkers) {
    expect_at_most({.worker = 9.5, .master = 9, .master_waits = 3}, {4, ConnectionUse::Kept});
}

TEST_F(SystemCalls, AreFewForARequestThatWaitsInTheLine) {
    expect_at_most({.worker = 10.5, .master = 12, .master_waits = 3},
                   {16, ConnectionUse::Short, "/slow.php"});
}

/// What a request has no need of, whichever way it takes.
TEST_F(SystemCalls, AreNoneForSignalsTimersAndFiles) {
    if (!SystemCallCounter::installed()) GTEST_SKIP() << "strace is not installed";
    site().start();
    const Way way{6, ConnectionUse::Short};
    load(way);
    const auto counts = count(way);
    if (!counts) GTEST_SKIP() << "tracing is not allowed";
    for (const char* unneeded : {"setitimer", "rt_sigaction", "rt_sigprocmask", "newfstatat", "getrusage"})
        EXPECT_LT(count_of_call(counts->worker, unneeded), 0.2) << *counts;
}

/// Of its end, its channel and its successor; each of these workers serves one request.
TEST_F(SystemCalls, OfTheMasterAreFewForAWorkerThatIsReplaced) {
    if (!SystemCallCounter::installed()) GTEST_SKIP() << "strace is not installed";
    site().pool().set("pm.max_requests", "1");
    site().start();
    SystemCallCounter master(site().daemon().pid(), site().files());
    if (!master.begin()) GTEST_SKIP() << "tracing is not allowed";
    const Way way{.clients = 0, .use = ConnectionUse::Short, .pause = kLongPause};
    load(way);
    const SystemCallCounts calls = master.end();
    const auto each = [&](const char* name) {
        return count_of_call(calls, name) / static_cast<double>(way.requests());
    };
    EXPECT_GE(each("sendmsg"), 1) << "it counts nothing";
    // (Waits and timers are as many as the time it takes.)
    for (const char* name : {"recvmsg", "sendmsg", "close", "fcntl", "setsockopt", "waitid"})
        EXPECT_LE(each(name), 40) << name << testing::PrintToString(calls);
}

/// One worker is always idle here, so that the listener is always watched, and says itself when somebody
/// comes.
TEST_F(SystemCalls, AreNoneForAListenerWhereNobodyHasCome) {
    if (!SystemCallCounter::installed()) GTEST_SKIP() << "strace is not installed";
    site().pool().set("pm.max_children", "2");
    site().start();
    const Way way{.clients = 0, .use = ConnectionUse::Kept, .pause = kLongPause};
    load(way);
    // (It looks at the listener once a second all the same.)
    double fewest = 1;
    for (int attempt = 0; attempt < kAttempts && fewest >= 0.2; ++attempt) {
        const auto counts = count(way);
        if (!counts) GTEST_SKIP() << "tracing is not allowed";
        fewest = std::min(fewest, count_of_call(counts->master, "accept4"));
    }
    EXPECT_LT(fewest, 0.2);
}

/// Whatever the machine's speed, and where tracing is not allowed.
TEST_F(SystemCalls, OfTheMasterAreNotNeededWhileConnectionsWait) {
    site().script("until.php", script_until_allowed());
    site().start();
    RunningScript first(site().address(), site().request("/until.php"));
    const pid_t master = site().daemon().pid();
    ASSERT_TRUE(site().daemon().signal(SIGSTOP));
    EXPECT_TRUE(eventually(kPatience, [&] { return process_stat(master)->state == 'T'; }));
    std::vector<FastCgiClient> waiting;
    for (int i = 0; i < 50; ++i) {
        waiting.emplace_back(site().address());
        EXPECT_TRUE(waiting.back().send(site().request("/hello.php")));
    }
    let_scripts_end(site());
    EXPECT_TRUE(first.rest().complete());
    for (FastCgiClient& client : waiting) {
        EXPECT_EQ(client.read_answer().body(), "hello");
        if (HasFailure()) break;
    }
    EXPECT_TRUE(site().daemon().signal(SIGCONT));
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

}  // namespace
}  // namespace phalanx::harness

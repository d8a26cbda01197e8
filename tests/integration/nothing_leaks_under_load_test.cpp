#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "harness/load.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"
#include "mixed_requests.hpp"

namespace phalanx::harness {
namespace {

#ifdef PHALANX_SANITIZED
constexpr std::uint64_t kRequests = 5'000;
/// The sanitizer's allocator hands out ever new pages for a while.
constexpr std::uint64_t kToleratedKib = 4 * 1'024;
#else
constexpr std::uint64_t kRequests = 20'000;
/// What the allocators may still move; a leak of 60 bytes a request is more.
constexpr std::uint64_t kToleratedKib = 1'024;
#endif
constexpr std::uint64_t kWarmUp = 1'000;

/// PHALANX_TEST_REQUESTS makes it a longer run, by hand.
std::uint64_t requests_wanted() {
    const char* const given = std::getenv("PHALANX_TEST_REQUESTS");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : kRequests;
}

/// What a process has at rest: a connection that is just being closed does not count.
struct Size {
    std::uint64_t resident_kib = 0;
    std::uint64_t proportional_kib = 0;  ///< to be read, not held: it grows when another daemon ends
    std::size_t descriptors = 0;
    std::size_t children = 0;  ///< zombies too
};

std::size_t children_of(pid_t pid) {
    const std::vector<ProcessStat> all = all_processes();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [pid](const ProcessStat& each) { return each.parent == pid; }));
}

Size size_of(pid_t pid) {
    Size size{0, 0, open_descriptors(pid).value_or(0), children_of(pid)};
    (void)eventually(kWatch, [&] {
        size.descriptors = std::min(size.descriptors, open_descriptors(pid).value_or(0));
        size.children = std::min(size.children, children_of(pid));
        return false;
    });
    size.resident_kib = resident_kib(pid).value_or(0);
    size.proportional_kib = proportional_kib(pid).value_or(0);
    return size;
}

std::ostream& operator<<(std::ostream& out, const Size& size) {
    return out << size.resident_kib << " KiB resident, " << size.proportional_kib << " KiB proportional, "
               << size.descriptors << " descriptors, " << size.children << " children";
}

/// A pool with one worker, so that whatever is lost is lost in one place.
class NothingLeaks : public SiteTest {
  protected:
    struct Sizes {
        Size worker;
        Size master;
    };
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("pid.php", "<?php echo getmypid();");
        site().pool().set("pm.max_children", "1").set("php_admin_flag[display_errors]", "off");
        // The sanitizer keeps what was freed for long: with so little of it, growth means something there
        // too.
        site().start_options().environment.emplace_back(
            "ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=16");
        site().start();
        worker_ = ask_for_worker();
        ASSERT_GT(worker_, 0);
        if (!open_descriptors(worker_)) GTEST_SKIP() << "may not look into the worker";
    }

    Sizes measure(std::uint64_t requests) {
        EXPECT_EQ(ask_for_worker(), worker_) << "the worker was replaced";
        const Sizes sizes{size_of(worker_), size_of(site().daemon().pid())};
        std::cout << "after " << requests << " requests: worker " << sizes.worker << "; master "
                  << sizes.master << "\n";
        return sizes;
    }
    static void expect_no_growth(const Sizes& before, const Sizes& after) {
        expect_no_growth("worker", before.worker, after.worker);
        expect_no_growth("master", before.master, after.master);
    }

  private:
    static void expect_no_growth(const char* who, const Size& before, const Size& after) {
        EXPECT_EQ(before.descriptors, after.descriptors) << who;
        EXPECT_EQ(before.children, after.children) << who;
        EXPECT_LE(after.resident_kib, before.resident_kib + kToleratedKib) << who;
    }
    pid_t ask_for_worker() { return std::atoi(site().get("/pid.php").body().c_str()); }

    pid_t worker_ = 0;
};

TEST_F(NothingLeaks, FromRequestsThatEndInEveryWay) {
    const std::uint64_t wanted = std::max(requests_wanted(), 3 * kWarmUp);
    MixedRequests mix(site());
    std::uint64_t sent = 0;
    const auto send_up_to = [&](std::uint64_t number) {
        while (sent < number && mix.send_next()) ++sent;
        // Two turns, and the kept connection is as it was.
        while (sent % (2 * MixedRequests::kinds()) != 0 && mix.send_next()) ++sent;
        return sent >= number;
    };
    ASSERT_TRUE(send_up_to(std::max(kWarmUp, wanted / 20)));
    const Sizes before = measure(sent);
    ASSERT_TRUE(send_up_to(wanted / 2));
    (void)measure(sent);
    ASSERT_TRUE(send_up_to(wanted));
    expect_no_growth(before, measure(sent));
}

/// Connections that wait in the master: silent ones, half a head, idle between two requests.
TEST_F(NothingLeaks, FromConnectionsThatComeAndGo) {
    SKIP_UNLESS_PHALANX("silent and kept connections hold its only worker");
    constexpr std::uint64_t kConnections = 300;
    constexpr std::uint64_t kTurns = 10;
    const Request request = site().request("/pid.php");
    const auto come_and_go = [&] {
        std::vector<FastCgiClient> clients;
        for (std::uint64_t i = 0; i < kConnections; ++i) {
            FastCgiClient& client = clients.emplace_back(site().address());
            if (i % 3 == 1) client.send(encode(request).substr(0, 300));
            if (i % 3 != 2) continue;
            EXPECT_TRUE(client.exchange(Request(request).keep_connection()).complete());
        }
    };
    for (std::uint64_t turn = 0; turn < 2; ++turn) come_and_go();
    const Sizes before = measure(2 * kConnections);
    for (std::uint64_t turn = 0; turn < kTurns; ++turn) come_and_go();
    expect_no_growth(before, measure((2 + kTurns) * kConnections));
}

class NothingLeaksOver : public NothingLeaks, public testing::WithParamInterface<ConnectionUse> {
  protected:
    void send(std::uint64_t requests) {
        LoadPlan plan;
        plan.server = site().address();
        plan.request = site().request("/work.php?text=abc");
        plan.clients = 2;
        // With one worker, two kept connections would wait for each other in php-fpm.
        if (GetParam() == ConnectionUse::Kept && !drives_phalanx()) plan.clients = 1;
        plan.use = GetParam();
        plan.requests = requests;
        const LoadReport report = run_load(plan);
        EXPECT_EQ(report.completed, requests) << report;
    }
};

TEST_P(NothingLeaksOver, ManyShortRequestsOfSeveralClients) {
    site().script(
        "work.php",
        "<?php $a = range(1, 50); header('X-A: ' . count($a)); echo str_repeat($_GET['text'], 10);");
    const std::uint64_t wanted = std::max(requests_wanted(), 2 * kWarmUp);
    send(kWarmUp);
    const Sizes before = measure(kWarmUp);
    send(wanted - kWarmUp);
    expect_no_growth(before, measure(wanted));
}

INSTANTIATE_TEST_SUITE_P(Of, NothingLeaksOver, testing::Values(ConnectionUse::Short, ConnectionUse::Kept),
                         [](const auto& each) {
                             return std::string(each.param == ConnectionUse::Short ? "ShortConnections"
                                                                                   : "KeptConnections");
                         });

}  // namespace
}  // namespace phalanx::harness

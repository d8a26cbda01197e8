#include <csignal>
#include <filesystem>
#include <map>
#include <numeric>
#include <sstream>

#include "harness/child_process.hpp"
#include "harness/load.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr const char* kStrace = "/usr/bin/strace";
constexpr std::uint64_t kRequests = 300;

/// What strace -c has counted, by the call's name.
std::map<std::string, double> counted(const std::filesystem::path& table) {
    std::map<std::string, double> calls;
    std::istringstream lines(read_file(table));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        double share = 0;
        double seconds = 0;
        double usecs = 0;
        double count = 0;
        std::string rest;
        std::string name;
        if (!(fields >> share >> seconds >> usecs >> count)) continue;
        while (fields >> rest) name = rest;  // the column of errors may be empty
        if (name != "total") calls[name] = count;
    }
    return calls;
}

/// The worker's calls per request, whatever the machine's speed. The limits leave room for what a build with
/// sanitizers adds and for a request now and then that takes another way; docs/benchmarks.md lists the calls.
class SystemCalls : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        if (!std::filesystem::exists(kStrace)) GTEST_SKIP() << "strace is not installed";
        site().pool().set("pm.max_children", "1");
        site().with_opcache();
        const auto hello = site().script("hello.php", "<?php echo 'hello';");
        // Opcache refuses files that are too young.
        std::filesystem::last_write_time(
            hello, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
        site().script("pid.php", "<?php echo getmypid();");
    }
    LoadReport load(std::size_t clients, ConnectionUse use) {
        LoadPlan plan;
        plan.server = site().address();
        plan.request = site().request("/hello.php");
        plan.clients = clients;
        plan.use = use;
        plan.duration = kPatience;
        plan.requests = kRequests;
        return run_load(plan);
    }
    std::map<std::string, double> count(std::size_t clients, ConnectionUse use) {
        const std::string worker = site().get("/pid.php").body();
        (void)load(clients, use);  // so that everything is remembered that will be
        const std::filesystem::path table = site().files() / "calls";
        ChildProcess strace({.arguments = {kStrace, "-c", "-o", table.string(), "-p", worker},
                             .environment = {},
                             .output = site().files() / "strace.out",
                             .errors = site().files() / "strace.err",
                             .errors_descriptor = std::nullopt,
                             .run_as = std::nullopt,
                             .passed = {}});
        const auto attached = [&] {
            return read_file("/proc/" + worker + "/status").find("TracerPid:\t0\n") == std::string::npos;
        };
        EXPECT_TRUE(eventually(kPatience, attached)) << read_file(site().files() / "strace.err");
        const LoadReport report = load(clients, use);
        EXPECT_EQ(report.completed, kRequests);
        EXPECT_EQ(report.errors(), 0u);
        strace.signal(SIGINT);
        EXPECT_TRUE(strace.wait());
        auto calls = counted(table);
        for (auto& [name, number] : calls) number /= static_cast<double>(kRequests);
        return calls;
    }
    static double sum(const std::map<std::string, double>& calls) {
        return std::accumulate(calls.begin(), calls.end(), 0.0,
                               [](double all, const auto& call) { return all + call.second; });
    }
};

TEST_F(SystemCalls, AreAtMostTenForARequestThatTheWorkerTakesItself) {
    SKIP_UNLESS_PHALANX("31");
    site().start();
    const auto calls = count(16, ConnectionUse::Short);
    EXPECT_GE(sum(calls), 4) << "it counts nothing";
    EXPECT_LE(sum(calls), 10) << testing::PrintToString(calls);
    for (const char* unneeded : {"setitimer", "rt_sigaction", "rt_sigprocmask", "newfstatat", "getrusage"})
        EXPECT_LT(calls.contains(unneeded) ? calls.at(unneeded) : 0, 0.2) << unneeded;
}

TEST_F(SystemCalls, AreAtMostFourteenForARequestThatCameThroughTheMaster) {
    SKIP_UNLESS_PHALANX("31");
    site().start();
    const auto calls = count(1, ConnectionUse::Short);
    EXPECT_GE(sum(calls), 4) << "it counts nothing";
    EXPECT_LE(sum(calls), 14) << testing::PrintToString(calls);
}

TEST_F(SystemCalls, AreAtMostTwelveForARequestOnAKeptConnection) {
    SKIP_UNLESS_PHALANX("26");
    site().start();
    const auto calls = count(1, ConnectionUse::Kept);
    EXPECT_GE(sum(calls), 4) << "it counts nothing";
    EXPECT_LE(sum(calls), 12) << testing::PrintToString(calls);
}

}  // namespace
}  // namespace phalanx::harness

#include <algorithm>

#include "harness/load.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

#ifdef PHALANX_SANITIZED
// The sanitizer's quarantine grows by design, so memory says nothing there, and everything is slower.
constexpr std::uint64_t kRequests = 3'000;
constexpr bool kMemoryIsMeaningful = false;
#else
constexpr std::uint64_t kRequests = 20'000;
constexpr bool kMemoryIsMeaningful = true;
#endif
constexpr std::uint64_t kWarmUp = 1'000;
/// What the allocators may still move; a leak of 100 bytes a request would be 1.9 MB.
constexpr std::uint64_t kToleratedKib = 1'024;

class NothingLeaks : public SiteTest, public testing::WithParamInterface<ConnectionUse> {
  protected:
    struct Size {
        std::uint64_t kib = 0;
        std::size_t descriptors = 0;
    };
    /// At rest: a connection that is just being closed does not count.
    static Size size_of(pid_t pid) {
        Size size{resident_kib(pid).value_or(0), open_descriptors(pid).value_or(0)};
        (void)eventually(kWatch, [&] {
            size.descriptors = std::min(size.descriptors, open_descriptors(pid).value_or(0));
            return false;
        });
        return size;
    }
    static void expect_no_growth(const char* who, const Size& before, const Size& after) {
        EXPECT_EQ(before.descriptors, after.descriptors) << who;
        if (!kMemoryIsMeaningful) return;
        EXPECT_LE(after.kib, before.kib + kToleratedKib) << who;
    }
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

TEST_P(NothingLeaks, InAWorkerThatServesTwentyThousandRequests) {
    site().script(
        "work.php",
        "<?php $a = range(1, 50); header('X-A: ' . count($a)); echo str_repeat($_GET['text'], 10);");
    site().script("pid.php", "<?php echo getmypid();");
    site().pool().set("pm.max_children", "1");
    site().start();
    const auto worker = [this] { return std::atoi(site().get("/pid.php").body().c_str()); };
    const pid_t pid = worker();
    const pid_t master = site().daemon().pid();
    ASSERT_GT(pid, 0);
    if (!open_descriptors(pid)) GTEST_SKIP() << "may not look into the worker";
    send(kWarmUp);
    ASSERT_EQ(worker(), pid);
    const Size worker_before = size_of(pid);
    const Size master_before = size_of(master);
    send(kRequests - kWarmUp);
    ASSERT_EQ(worker(), pid) << "the worker was replaced";
    expect_no_growth("worker", worker_before, size_of(pid));
    expect_no_growth("master", master_before, size_of(master));
}

INSTANTIATE_TEST_SUITE_P(Over, NothingLeaks, testing::Values(ConnectionUse::Short, ConnectionUse::Kept),
                         [](const auto& each) {
                             return std::string(each.param == ConnectionUse::Short ? "ShortConnections"
                                                                                   : "KeptConnections");
                         });

}  // namespace
}  // namespace phalanx::harness

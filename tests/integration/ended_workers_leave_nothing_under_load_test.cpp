#include <algorithm>
#include <iostream>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr int kWarmUp = 100;
#ifdef PHALANX_SANITIZED
constexpr int kWorkers = 200;
/// The sanitizer's allocator hands out ever new pages for a while.
constexpr std::uint64_t kToleratedKib = 4 * 1'024;
#else
constexpr int kWorkers = 500;
constexpr std::uint64_t kToleratedKib = 512;
#endif

struct Way {
    const char* name;
    const char* code;
};

constexpr std::array kWays{
    Way{"ByRecycling", "echo 'said'; error_log('said too');"},
    Way{"ByACrash", "fwrite(fopen('php://stderr', 'w'), 'half a line'); posix_kill(getmypid(), 11);"},
};

/// Every request ends its worker: what a worker costs must be given back by the master and by the template
/// that makes them.
class EndedWorkers : public SiteTest, public testing::WithParamInterface<Way> {
  protected:
    struct Size {
        std::uint64_t kib = 0;
        std::size_t descriptors = 0;
    };
    static Size size_of(pid_t pid) {
        return {resident_kib(pid).value_or(0), open_descriptors(pid).value_or(0)};
    }
    void end_workers(int count) {
        for (int i = 0; i < count; ++i) {
            const Answer answer = site().get("/end.php");
            ASSERT_FALSE(answer.timed_out) << "worker " << i << answer;
        }
        ended_ += count;
        EXPECT_TRUE(eventually(kPatience, [this] { return workers_started() == ended_; }))
            << workers_started() << " workers of " << ended_ << " were replaced" << site().daemon().log();
    }
    /// In the place of others: the first one is not worth a line.
    int workers_started() {
        constexpr std::string_view kLine = " started\n";
        const std::string log = site().daemon().log();
        int seen = 0;
        for (std::size_t at = 0; (at = log.find(kLine, at)) != log.npos; at += kLine.size()) ++seen;
        return seen;
    }
    void expect_no_growth(const char* who, pid_t pid, const Size& before) {
        EXPECT_TRUE(eventually(kPatience, [&] { return size_of(pid).descriptors <= before.descriptors; }))
            << who << " has " << size_of(pid).descriptors << " descriptors, had " << before.descriptors;
        const Size after = size_of(pid);
        std::cout << who << ": " << before.kib << " -> " << after.kib << " KiB, " << before.descriptors
                  << " -> " << after.descriptors << " descriptors\n";
        EXPECT_LE(after.kib, before.kib + kToleratedKib) << who;
    }

    int ended_ = 0;
};

TEST_P(EndedWorkers, LeaveNothing) {
    SKIP_UNLESS_PHALANX("there is no template");
    site().script("end.php", std::string("<?php ") + GetParam().code);
    site().pool().set("pm.max_children", "1").set("pm.max_requests", "1").set("catch_workers_output", "yes");
    site().pool().set("access.log", (site().files() / "access.log").string());
    site().start_options().arguments.insert(site().start_options().arguments.end(),
                                            {"-d", "extension=posix.so"});
    site().start_options().environment.emplace_back("ASAN_OPTIONS", "quarantine_size_mb=1");
    site().start();
    ASSERT_NO_FATAL_FAILURE(end_workers(kWarmUp));
    const pid_t master = site().daemon().pid();
    const pid_t maker = site().daemon().templates().front();
    if (!open_descriptors(maker)) GTEST_SKIP() << "may not look into the template";
    const Size master_before = size_of(master);
    const Size maker_before = size_of(maker);
    ASSERT_NO_FATAL_FAILURE(end_workers(kWorkers));
    expect_no_growth("the master", master, master_before);
    expect_no_growth("the template", maker, maker_before);
    EXPECT_TRUE(is_alive(maker));
    const std::vector<ProcessStat> all = all_processes();
    EXPECT_EQ(
        std::count_if(all.begin(), all.end(),
                      [&](const ProcessStat& each) { return each.parent == master && each.is_zombie(); }),
        0);
}

INSTANTIATE_TEST_SUITE_P(And, EndedWorkers, testing::ValuesIn(kWays),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace phalanx::harness

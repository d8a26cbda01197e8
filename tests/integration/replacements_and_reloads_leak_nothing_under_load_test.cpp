#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

#ifdef PHALANX_SANITIZED
constexpr int kReplacements = 60;
constexpr std::uint64_t kToleratedKib = 4 * 1'024;
#else
constexpr int kReplacements = 200;
constexpr std::uint64_t kToleratedKib = 1'024;
#endif

/// PHALANX_TEST_REPLACEMENTS makes it a longer run, by hand; a tenth as many reloads go with it.
int replacements_wanted() {
    const char* const given = std::getenv("PHALANX_TEST_REPLACEMENTS");
    return given != nullptr ? std::atoi(given) : kReplacements;
}

class ReplacementsAndReloads : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("x.php", "<?php echo getmypid();");
        site().pool().set("pm.max_requests", "1");
        // The sanitizer keeps what was freed for long.
        site().start_options().environment.emplace_back(
            "ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=16");
        site().start();
    }
    void replace(int times) {
        for (int i = 0; i < times; ++i) ASSERT_EQ(site().get("/x.php").status(), 200) << i;
    }
    void reload(int times) {
        for (int i = 0; i < times; ++i) ASSERT_TRUE(site().reload()) << site().daemon().log();
    }
    struct Size {
        std::size_t descriptors = 0;
        std::size_t children = 0;  ///< zombies too
        std::uint64_t resident_kib = 0;
    };
    /// At rest: once the last generation has left, and without a connection that is just being closed.
    Size size() {
        const pid_t master = site().daemon().pid();
        std::this_thread::sleep_for(kRest);
        Size least{~std::size_t{0}, ~std::size_t{0}, 0};
        (void)eventually(kWatch, [&] {
            const auto all = all_processes();
            const auto children = static_cast<std::size_t>(std::count_if(
                all.begin(), all.end(), [&](const ProcessStat& each) { return each.parent == master; }));
            least.descriptors = std::min(least.descriptors, open_descriptors(master).value_or(0));
            least.children = std::min(least.children, children);
            return false;
        });
        least.resident_kib = resident_kib(master).value_or(0);
        std::cout << least.descriptors << " descriptors, " << least.children << " children, "
                  << least.resident_kib << " KiB\n";
        return least;
    }

  private:
    /// More than a former generation takes to leave and be forgotten.
    static constexpr milliseconds kRest{2'500};
};

TEST_F(ReplacementsAndReloads, LeakNothing) {
    SKIP_UNLESS_PHALANX("is another process after each reload");
    const int replacements = replacements_wanted();
    // What a first time needs is no leak.
    replace(20);
    reload(3);
    const Size before = size();
    replace(replacements);
    reload(replacements / 10);
    const Size after = size();
    EXPECT_EQ(after.descriptors, before.descriptors);
    EXPECT_EQ(after.children, before.children);
    EXPECT_LE(after.resident_kib, before.resident_kib + kToleratedKib);
}

}  // namespace
}  // namespace phalanx::harness

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class AppArmorHat : public SiteTest {};

TEST_F(AppArmorHat, ThatCannotBeHadStartsNoWorker) {
    if (std::filesystem::exists("/sys/module/apparmor")) GTEST_SKIP() << "this kernel has AppArmor";
    site().pool().set("apparmor_hat", "hat").set("catch_workers_output", "yes").set("pm.max_children", "1");
    site().start();
    EXPECT_TRUE(
        site().daemon().wait_for_log("[pool www] failed to query apparmor confinement. Please check if "));
    EXPECT_TRUE(site().daemon().wait_for_log("[pool www] child failed to initialize"));
    EXPECT_TRUE(site().daemon().wait_for_log("exited with code 70"));
    EXPECT_TRUE(site().daemon().running());
}

}  // namespace
}  // namespace phalanx::harness

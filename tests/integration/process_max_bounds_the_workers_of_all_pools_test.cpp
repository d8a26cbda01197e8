#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr const char* kWarning =
    "WARNING: The maximum number of processes has been reached. Please review your configuration and "
    "consider "
    "raising 'process.max'";

class ProcessMax : public SiteTest {
  protected:
    std::size_t workers_in_all() {
        return site().daemon().workers("www").size() + site().daemon().workers("second").size();
    }
};

TEST_F(ProcessMax, BoundsTheWorkersOfAllPoolsTogether) {
    site().global().set("process.max", "3");
    site().pool().set("pm.max_children", "2");
    site().add_pool("second").set("pm.max_children", "2");
    site().script("pid.php", "<?php echo getmypid();");
    site().start();
    ASSERT_TRUE(site().daemon().wait_for_log(kWarning));
    EXPECT_TRUE(eventually(kPatience, [&] { return workers_in_all() == 3; })) << workers_in_all();
    // A dead worker's place is taken again, and never by one too many.
    ASSERT_TRUE(kill_process(std::atoi(site().get("/pid.php", "second").body().c_str())));
    EXPECT_TRUE(eventually(kPatience, [&] { return workers_in_all() == 3; })) << workers_in_all();
    EXPECT_NE(site().get("/pid.php").body(), "");
    std::this_thread::sleep_for(kWatch);
    EXPECT_EQ(workers_in_all(), 3u);
}

TEST_F(ProcessMax, MakesAConnectionWaitForAPlace) {
    site().global().set("process.max", "1");
    for (const char* name : {"www", "second"}) {
        Section& pool = std::string_view(name) == "www" ? site().pool() : site().add_pool(name);
        pool.set("pm", "ondemand").set("pm.process_idle_timeout", "1s");
    }
    site().script("x.php", "<?php echo 'served';");
    site().start();
    EXPECT_EQ(site().get("/x.php").body(), "served");
    const auto cpu = process_stat(site().daemon().pid())->own_cpu;
    EXPECT_EQ(site().get("/x.php", "second").body(), "served")
        << "its worker is made once the other's is gone";
    const auto used = process_stat(site().daemon().pid())->own_cpu - cpu;
    EXPECT_LT(used, std::chrono::milliseconds(500)) << "the master looked again and again";
}

}  // namespace
}  // namespace phalanx::harness

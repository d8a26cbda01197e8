#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class Opcache : public SiteTest {};

TEST_F(Opcache, IsSharedByTheWorkersOfAPool) {
    site().script("lib.php", "<?php function from_lib() { return 'lib'; }");
    site().script("use.php",
                  "<?php echo getmypid(), opcache_is_script_cached(__DIR__ . '/lib.php') ? ' hit ' : "
                  "' miss '; include __DIR__ . '/lib.php'; echo from_lib();");
    site().with_opcache();
    // The cache refuses files that are younger than two seconds.
    site().start_options().arguments.insert(site().start_options().arguments.end(),
                                            {"-d", "opcache.file_update_protection=0"});
    site().pool().set("pm.max_children", "1");
    site().start();
    const std::string first = site().get("/use.php").body();
    const pid_t first_worker = std::atoi(first.c_str());
    ASSERT_GT(first_worker, 0) << first;
    EXPECT_EQ(first, std::to_string(first_worker) + " miss lib");
    EXPECT_EQ(site().get("/use.php").body(), std::to_string(first_worker) + " hit lib");
    ASSERT_TRUE(kill_process(first_worker));
    const std::string second = site().get("/use.php").body();
    EXPECT_NE(std::atoi(second.c_str()), first_worker);
    EXPECT_TRUE(second.ends_with(" hit lib")) << second;
}

}  // namespace
}  // namespace phalanx::harness

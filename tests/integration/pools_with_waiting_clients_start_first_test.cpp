#include <thread>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// Only as many pools start at the same time as there are processors.
class ManyPools : public SiteTest {};

TEST_F(ManyPools, OneWhoseClientWaitsDoesNotStartLast) {
    SKIP_UNLESS_PHALANX("nothing of a pool has to be started first");
    const unsigned pools = 3 * std::thread::hardware_concurrency() + 6;
    for (unsigned i = 0; i < pools; ++i) site().add_pool("p" + std::to_string(i)).set("pm.max_children", "1");
    site().script("x.php", "<?php echo 'x';");
    ASSERT_TRUE(site().launch().wait_for_log("fpm is running")) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php", "p" + std::to_string(pools - 1)).body(), "x");
    EXPECT_EQ(site().daemon().log().find("ready to handle connections"), std::string::npos)
        << "the others were all started before";
}

}  // namespace
}  // namespace phalanx::harness

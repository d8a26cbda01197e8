#include "harness/upgrade.hpp"

namespace phalanx::harness {
namespace {

/// Another program that the master is not to become: php-fpm, or a release that does not know of upgrades.
class ReplacedProgram : public UpgradeTest {};

TEST_F(ReplacedProgram, IsToldOfAtAReload) {
    site().script("x.php", "<?php echo 'x';");
    site().start();
    const std::string told = "WARNING: " + program().string() +
                             " was replaced by one that cannot take over: the master runs the former program "
                             "until it is restarted";
    ASSERT_TRUE(site().reload());
    EXPECT_EQ(site().daemon().log().find(told), std::string::npos);

    const auto former = site().daemon().others();
    replace_program_by("#!/bin/sh\nexit 0\n");
    ASSERT_TRUE(site().reload());
    EXPECT_NE(site().daemon().log().find(told), std::string::npos) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "x");
    EXPECT_TRUE(ends(former)) << "a reload all the same";

    // While there is none, nothing can be said of it.
    std::filesystem::remove(program());
    ASSERT_TRUE(site().reload());
    EXPECT_EQ(site().daemon().log().find(told), site().daemon().log().rfind(told));
}

}  // namespace
}  // namespace phalanx::harness

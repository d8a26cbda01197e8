#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// What a service manager's shell has begun before it executes the daemon is a child that the daemon did not
/// make. Its end is told, as php-fpm tells it; that of what scripts leave behind is not.
class ChildrenFromBefore : public SiteTest {};

TEST_F(ChildrenFromBefore, AreNamedWhenTheyEnd) {
    DaemonStart& start = site().start_options();
    start.arguments = {"-c", "(sleep 0.2; exit 3) & exec \"$0\" \"$@\"", start.program.path.string(), "-n"};
    start.program.path = "/bin/sh";
    site().script("leave.php", "<?php exec('(exit 4) > /dev/null 2>&1 &');");
    site().start();
    EXPECT_TRUE(site().get("/leave.php").complete());
    EXPECT_TRUE(site().daemon().wait_for_log(
        ") exited with code 3 - potentially a bug or pre exec child (e.g. s6-notifyoncheck)\n"))
        << site().daemon().log();
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    const std::string log = site().daemon().log();
    const auto first = log.find("WARNING: unknown child (");
    ASSERT_NE(first, std::string::npos) << log;
    EXPECT_EQ(log.find("unknown child", first + 20), std::string::npos) << log;
}

}  // namespace
}  // namespace phalanx::harness

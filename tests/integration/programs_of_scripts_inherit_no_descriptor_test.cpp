#include <sstream>

#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

class ProgramsOfScripts : public SiteTest {};

TEST_F(ProgramsOfScripts, InheritNoDescriptorBeyondStdio) {
    SKIP_UNLESS_PHALANX("the listening socket and the client's connection leak");
    site().script("list.php", "<?php echo shell_exec('ls -l /proc/self/fd');");
    site().script("hold.php", script_that_takes(20));
    site().add_pool("second");
    site().pool().set("access.log", (site().files() / "access.log").string());
    site().start();
    RunningScript other(site().address(), site().request("/hold.php"));
    FastCgiClient parked(site().address());
    ASSERT_TRUE(parked.send("\1"));
    const std::string listing = site().get("/list.php").body();
    std::istringstream lines(listing);
    int seen = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t arrow = line.find(" -> ");
        if (arrow == std::string::npos) continue;
        ++seen;
        const int number = std::atoi(line.c_str() + line.rfind(' ', arrow - 1));
        const std::string target = line.substr(arrow + 4);
        // ls itself has the folder open that it lists.
        EXPECT_TRUE(number <= 2 || (target.starts_with("/proc/") && target.ends_with("/fd"))) << line;
        EXPECT_FALSE(target.starts_with("socket:")) << line;
    }
    EXPECT_GE(seen, 4) << listing;
}

}  // namespace
}  // namespace phalanx::harness

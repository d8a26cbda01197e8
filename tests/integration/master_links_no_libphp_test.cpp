#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class MasterProgram : public SiteTest {};

TEST_F(MasterProgram, LinksNoLibphp) {
    SKIP_UNLESS_PHALANX("its master is PHP");
    const Outcome ldd = run({"/usr/bin/ldd", site().start_options().program.path.string()});
    EXPECT_EQ(ldd.status, (ExitStatus{0, 0})) << ldd.errors;
    EXPECT_NE(ldd.output.find("libc.so"), std::string::npos) << ldd.output;
    EXPECT_EQ(ldd.output.find("libphp"), std::string::npos) << ldd.output;
}

TEST_F(MasterProgram, MapsNoneEitherWhileItServes) {
    SKIP_UNLESS_PHALANX("its master is PHP");
    site().script("hello.php", "<?php echo 'hello';");
    site().start();
    ASSERT_EQ(site().get("/hello.php").body(), "hello");
    const std::string maps = read_file("/proc/" + std::to_string(site().daemon().pid()) + "/maps");
    ASSERT_NE(maps.find("libc"), std::string::npos);
    EXPECT_EQ(maps.find("libphp"), std::string::npos);
    EXPECT_EQ(maps.find("/usr/lib/php/"), std::string::npos);
}

}  // namespace
}  // namespace phalanx::harness

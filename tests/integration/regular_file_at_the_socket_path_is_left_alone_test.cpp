#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class RegularFileAtTheSocketPath : public SiteTest {};

TEST_F(RegularFileAtTheSocketPath, IsAnErrorAndIsLeftAlone) {
    SKIP_UNLESS_PHALANX("it removes whatever is at the path");
    const auto file = site().files().write("precious", "do not lose me");
    site().pool().set("listen", file.string());
    Daemon& daemon = site().launch();
    EXPECT_EQ(daemon.wait(), (ExitStatus{78, 0}));
    EXPECT_NE(daemon.log().find(file.string()), std::string::npos) << daemon.log();
    EXPECT_EQ(read_file(file), "do not lose me");
}

}  // namespace
}  // namespace phalanx::harness

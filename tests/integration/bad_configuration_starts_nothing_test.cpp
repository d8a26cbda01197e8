#include <algorithm>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class BadConfiguration : public SiteTest {
  protected:
    void expect_refusal(const std::string& line) {
        Daemon& daemon = site().launch();
        EXPECT_EQ(daemon.wait(), (ExitStatus{78, 0}));
        EXPECT_NE(daemon.log().find(line), std::string::npos) << daemon.log();
        EXPECT_TRUE(daemon.log().ends_with("ERROR: FPM initialization failed\n")) << daemon.log();
        EXPECT_FALSE(std::filesystem::exists(site().address().host()));
        EXPECT_EQ(daemon.others(), std::vector<pid_t>{});
    }
};

TEST_F(BadConfiguration, AnUnknownDirectiveIsNamedWithFileAndLine) {
    site().pool().set("pm.max_childrn", "3");
    const std::string text = site().config().text();
    const auto before = text.substr(0, text.find("pm.max_childrn"));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    expect_refusal("ERROR: [" + (site().files() / "php-fpm.conf").string() + ":" + std::to_string(line) +
                   "] unknown entry 'pm.max_childrn'");
}

TEST_F(BadConfiguration, AMissingProcessManagerIsNamedWithItsPool) {
    site().pool().remove("pm");
    expect_refusal("ALERT: [pool www] the process manager is missing (static, dynamic or ondemand)");
}

TEST_F(BadConfiguration, OneBadPoolStartsNoOther) {
    site().add_pool("broken").set("pm.max_children", "0");
    expect_refusal("ALERT: [pool broken] pm.max_children must be a positive value");
}

}  // namespace
}  // namespace phalanx::harness

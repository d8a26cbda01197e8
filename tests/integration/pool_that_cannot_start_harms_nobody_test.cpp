#include <string>
#include <thread>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class PoolThatCannotStart : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("its pools start together or not at all");
        site().with_opcache();
        site().script("x.php", "<?php echo 'x';");
        site().script("preload.php", "<?php throw new Exception('the cause of it');");
        site().add_pool("broken").set("php_admin_value[opcache.preload]",
                                      (site().root() / "preload.php").string());
    }
    std::size_t times_in_log(std::string_view text) {
        const std::string log = site().daemon().log();
        std::size_t number = 0;
        for (auto at = log.find(text); at != log.npos; at = log.find(text, at + 1)) ++number;
        return number;
    }
    static constexpr const char* kFailure = "[pool broken] the pool's template failed to start: ";
};

TEST_F(PoolThatCannotStart, SaysWhyIsTriedAgainEverMoreSeldomAndRecovers) {
    site().start();
    ASSERT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == 2; }));
    const auto others = site().daemon().workers();
    ASSERT_TRUE(site().daemon().wait_for_log(kFailure)) << site().daemon().log();
    EXPECT_NE(site().daemon().log().find("the cause of it"), std::string::npos) << site().daemon().log();
    ASSERT_TRUE(site().daemon().wait_for_log("a new one is started in 1000 ms")) << site().daemon().log();
    EXPECT_LE(times_in_log(kFailure), 3u) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "x");
    EXPECT_EQ(site().daemon().workers(), others);
    site().script("preload.php", "<?php");
    EXPECT_TRUE(eventually(kPatience, [&] { return site().get("/x.php", "broken").body() == "x"; }))
        << site().daemon().log();
    EXPECT_EQ(site().daemon().workers(), others);
}

TEST_F(PoolThatCannotStart, OnDemandIsNoticedByItsFirstClientAndRecovers) {
    site().pool("broken").set("pm", "ondemand");
    site().start();
    EXPECT_EQ(site().daemon().log().find(kFailure), std::string::npos);
    FastCgiClient first(site().address("broken"));
    ASSERT_TRUE(first.send(site().request("/x.php")));
    ASSERT_TRUE(site().daemon().wait_for_log(kFailure)) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "x");
    site().script("preload.php", "<?php");
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().templates("broken").size() == 1; }));
    EXPECT_TRUE(eventually(kPatience, [&] { return site().get("/x.php", "broken").body() == "x"; }))
        << site().daemon().log();
}

TEST_F(PoolThatCannotStart, ForWantOfItsProgramIsToo) {
    site().pool("broken").remove("php_admin_value[opcache.preload]");
    site().pool("broken").set("worker_program", (site().files() / "not-there").string());
    site().start();
    ASSERT_TRUE(site().daemon().wait_for_log(kFailure)) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "x");
}

}  // namespace
}  // namespace phalanx::harness

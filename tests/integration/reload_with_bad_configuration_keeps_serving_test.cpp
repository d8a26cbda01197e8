#include <unistd.h>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr std::string_view kKept = "the configuration was not changed: the one before goes on serving";

/// php-fpm executes itself anew before it looks: every one of these ends its service.
class BadReload : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        if (!drives_phalanx()) GTEST_SKIP() << "php-fpm differs: it ends";
        site().script("x.php", "<?php echo getenv('COLOUR');");
        site().pool().set("env[COLOUR]", "red");
        site().start();
        former_ = site().get("/x.php").body() == "red" ? site().daemon().others() : std::vector<pid_t>();
        site().pool().set("env[COLOUR]", "blue");
    }
    /// Reloads, and the same processes go on as if nothing had been.
    void expect_kept(std::string_view complaint) {
        ASSERT_TRUE(site().reload(kKept)) << site().daemon().log();
        EXPECT_NE(site().daemon().log().find(complaint), std::string::npos) << site().daemon().log();
        EXPECT_EQ(site().get("/x.php").body(), "red");
        EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().others() == former_; }));
    }
    /// What was repaired can be had afterwards.
    void expect_change() {
        ASSERT_TRUE(site().reload()) << site().daemon().log();
        EXPECT_EQ(site().get("/x.php").body(), "blue");
    }

  private:
    std::vector<pid_t> former_;
};

TEST_F(BadReload, UnknownDirective) {
    site().pool().set("pm.max_childen", "3");
    expect_kept("unknown entry 'pm.max_childen'");
    expect_kept("php-fpm.conf:");
    site().pool().remove("pm.max_childen");
    expect_change();
}

TEST_F(BadReload, ValueOutOfRange) {
    site().pool().set("pm.max_children", "0");
    expect_kept("pm.max_children must be a positive value");
    site().pool().set("pm.max_children", "2");
    expect_change();
}

TEST_F(BadReload, FileThatIsGone) {
    const auto file = site().files() / "php-fpm.conf";
    std::filesystem::rename(file, site().files() / "elsewhere");
    site().daemon().signal(SIGUSR2);
    ASSERT_TRUE(site().daemon().wait_for_log(kKept)) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "red");
    expect_change();
}

TEST_F(BadReload, UnknownUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: others' users do not count";
    site().add_pool("other").set("user", "nobody-at-all");
    expect_kept("nobody-at-all");
}

TEST_F(BadReload, AddressThatIsTaken) {
    Site other(site().start_options().program);
    other.start();
    site().add_pool("second").set("listen", other.pool().value("listen"));
    expect_kept("Another FPM instance seems to already listen on");
    site().drop_pool("second");
    expect_change();
}

TEST_F(BadReload, NewSocketsOfOneThatFailsAreRemoved) {
    site().add_pool("first");
    site().add_pool("second").set("listen", (site().files() / "no-folder/x.sock").string());
    expect_kept("unable to bind listening socket for address");
    EXPECT_FALSE(std::filesystem::exists(site().pool("first").value("listen")));
    EXPECT_TRUE(std::filesystem::exists(site().pool().value("listen")));
}

TEST_F(BadReload, LimitThatCannotBeHad) {
    site().global().set("rlimit_files", "2000000000");
    expect_kept("rlimit");
    site().global().remove("rlimit_files");
    expect_change();
}

TEST_F(BadReload, AccessLogThatCannotBeOpened) {
    site().pool().set("access.log", (site().files() / "no-folder/access").string());
    expect_kept("failed to open access log");
}

TEST_F(BadReload, PidFileThatCannotBeWrittenLeavesTheOldOne) {
    const auto file = site().files() / "master.pid";
    site().global().set("pid", file.string());
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    ASSERT_TRUE(std::filesystem::exists(file));
    site().global().set("pid", (site().files() / "no-folder/master.pid").string());
    ASSERT_TRUE(site().reload("Unable to create the PID file")) << site().daemon().log();
    EXPECT_TRUE(std::filesystem::exists(file));
    site().daemon().signal(SIGTERM);
    ASSERT_TRUE(site().daemon().wait().has_value());
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(BadReload, LimitOnFilesThatIsTooLowForTheMasterIsTheWorkersAlone) {
    site().global().set("rlimit_files", "40");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "blue");
    site().pool().set("env[COLOUR]", "green").set("pm.max_children", "20");
    ASSERT_TRUE(site().reload()) << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "green");
    EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() == 20; }));
}

TEST_F(BadReload, TemplateThatCannotStart) {
    site().pool().set("php_admin_value[zend_extension]", "opcache.so");
    site().pool().set("php_admin_value[opcache.preload]", (site().files() / "missing.php").string());
    ASSERT_TRUE(site().reload("the pool's template failed to start")) << site().daemon().log();
    ASSERT_TRUE(site().daemon().wait_for_log("ready to handle connections"));
    EXPECT_EQ(site().get("/x.php").body(), "red");
    site().pool().remove("php_admin_value[opcache.preload]");
    ASSERT_TRUE(site().reload("fpm is running")) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] { return site().get("/x.php").body() == "blue"; }))
        << site().daemon().log();
}

}  // namespace
}  // namespace phalanx::harness

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "harness/upgrade.hpp"

namespace phalanx::harness {
namespace {

/// A mistake that a test (-t) does not find, and a start would.
struct Mistake {
    const char* name;
    std::function<void(Site&)> make;
    const char* complaint;
};

class BadConfigurationForTheNewProgram : public UpgradeTest, public testing::WithParamInterface<Mistake> {
  protected:
    void SetUp() override {
        UpgradeTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_ROOT("others' mistakes are of other kinds");
        site().script("pid.php", "<?php echo getmypid();");
    }
};

TEST_P(BadConfigurationForTheNewProgram, KeepsServing) {
    site().start();
    ASSERT_EQ(site().get("/pid.php").status(), 200);
    const std::string good = read_file(site().files() / "php-fpm.conf");
    GetParam().make(site());
    replace_program();
    EXPECT_TRUE(site().reload("the configuration was not changed")) << site().daemon().log();
    EXPECT_NE(site().daemon().log().find(GetParam().complaint), std::string::npos) << site().daemon().log();
    EXPECT_FALSE(runs_new_program(site().daemon().pid()));
    EXPECT_EQ(site().get("/pid.php").status(), 200);
    // And the same without a new program.
    std::filesystem::remove(program());
    EXPECT_TRUE(site().reload("the configuration was not changed")) << site().daemon().log();
    EXPECT_EQ(site().get("/pid.php").status(), 200);
}

INSTANTIATE_TEST_SUITE_P(
    With, BadConfigurationForTheNewProgram,
    testing::Values(
        Mistake{"UnknownAclUser", [](Site& site) { site.pool().set("listen.acl_users", "nobody-at-all"); },
                "nobody-at-all"},
        Mistake{"RootAsUser", [](Site& site) { site.pool().set("user", "root").set("group", "root"); },
                "please specify user and group other than root"},
        Mistake{"UnknownHost",
                [](Site& site) { site.add_pool("second").set("listen", "no-such-host.invalid:9000"); },
                "getaddrinfo: "},
        Mistake{"LimitThatCannotBeHad", [](Site& site) { site.global().set("rlimit_files", "2000000000"); },
                "rlimit"}),
    [](const auto& each) { return std::string(each.param.name); });

/// The file is read twice for an upgrade: by the program that runs, and by the one that is to follow.
class ConfigurationOfAnUpgrade : public UpgradeTest {
  protected:
    void SetUp() override {
        UpgradeTest::SetUp();
        if (IsSkipped()) return;
        site().script("colour.php", "<?php echo getenv('COLOUR');");
        include_ = site().files() / "more.conf";
        site().files().write("more.conf", "[www]\nenv[COLOUR] = red\n");
        site().global().set("include", include_.string());
        site().start();
        ASSERT_EQ(site().get("/colour.php").body(), "red");
        // Whoever reads it waits until it is fed.
        make_fifo();
        replace_program();
    }
    /// False: nobody has read it.
    [[nodiscard]] bool feed(const std::string& text) {
        int fd = -1;
        (void)eventually(kPatience, [&] {
            return (fd = ::open(include_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0;
        });
        if (fd < 0) return false;
        const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        // The next reader is to open another one: this reader may not have seen the end yet.
        make_fifo();
        ::close(fd);
        return written;
    }

  private:
    void make_fifo() {
        const std::filesystem::path next = site().files() / "next.fifo";
        EXPECT_EQ(::mkfifo(next.c_str(), 0644), 0);
        std::filesystem::rename(next, include_);
    }
    std::filesystem::path include_;
};

TEST_F(ConfigurationOfAnUpgrade, IsTheOneThatTheNewProgramHasChecked) {
    ASSERT_TRUE(site().daemon().signal(SIGUSR2));
    ASSERT_TRUE(feed("[www]\nenv[COLOUR] = green\n"));
    ASSERT_TRUE(feed("[www]\nenv[COLOUR] = blue\n"));
    // There is no third reading, which would wait now, and find whatever is there by then.
    EXPECT_TRUE(eventually(kPatience, [&] { return runs_new_program(site().daemon().pid()); }));
    EXPECT_TRUE(eventually(kPatience, [&] { return site().get("/colour.php").body() == "blue"; }))
        << site().daemon().log();
}

TEST_F(ConfigurationOfAnUpgrade, IsReadAgainAfterAnotherSignal) {
    ASSERT_TRUE(site().daemon().signal(SIGUSR2));
    ASSERT_TRUE(feed("[www]\nenv[COLOUR] = green\n"));
    // While the new program reads.
    ASSERT_TRUE(site().daemon().signal(SIGUSR2));
    ASSERT_TRUE(feed("[www]\nenv[COLOUR] = green\n"));
    ASSERT_TRUE(feed("[www]\nenv[COLOUR] = blue\n"));
    EXPECT_FALSE(runs_new_program(site().daemon().pid()));
    ASSERT_TRUE(feed("[www]\nenv[COLOUR] = blue\n"));
    EXPECT_TRUE(eventually(kPatience, [&] { return site().get("/colour.php").body() == "blue"; }))
        << site().daemon().log();
    EXPECT_TRUE(runs_new_program(site().daemon().pid()));
}

/// The running program has not read of this address, and could not keep it free.
TEST_F(ConfigurationOfAnUpgrade, IsOfNoUseWhereItsAddressesCannotBeHad) {
    ASSERT_TRUE(site().daemon().signal(SIGUSR2));
    ASSERT_TRUE(feed("[www]\nenv[COLOUR] = green\n"));
    ASSERT_TRUE(
        feed("[www]\nenv[COLOUR] = green\n[two]\nlisten = 192.0.2.1:9000\nuser = 33\ngroup = 33\n"
             "pm = static\npm.max_children = 1\n"));
    EXPECT_TRUE(site().daemon().wait_for_log("the configuration was not changed")) << site().daemon().log();
    EXPECT_FALSE(runs_new_program(site().daemon().pid()));
    EXPECT_EQ(site().get("/colour.php").body(), "red");
}

TEST_F(ConfigurationOfAnUpgrade, IsOfNoUseWhereItIsBrokenByThen) {
    ASSERT_TRUE(site().daemon().signal(SIGUSR2));
    ASSERT_TRUE(feed("[www]\nenv[COLOUR] = green\n"));
    ASSERT_TRUE(feed("[www]\npm = sttic\n"));
    EXPECT_TRUE(site().daemon().wait_for_log("the configuration was not changed")) << site().daemon().log();
    EXPECT_NE(site().daemon().log().find("invalid process manager"), std::string::npos)
        << site().daemon().log();
    EXPECT_EQ(site().daemon().log().find("takes over"), std::string::npos) << site().daemon().log();
    EXPECT_FALSE(runs_new_program(site().daemon().pid()));
    EXPECT_EQ(site().get("/colour.php").body(), "red");
}

}  // namespace
}  // namespace phalanx::harness

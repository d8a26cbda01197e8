#include <pwd.h>
#include <unistd.h>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class PoolUsers : public SiteTest {};

TEST_F(PoolUsers, AreTheOnesOfTheConfiguration) {
    SKIP_UNLESS_ROOT("pools change their user");
    site().script("who.php",
                  "<?php echo getmypid(), ' ', trim(shell_exec('id -un; id -gn')), ' ', getenv('USER');");
    site().add_pool("other").set("user", "nobody").set("group", "daemon");
    site().start();
    const auto expect_user = [this](const char* pool, const char* user, const std::string& words) {
        const std::string body = site().get("/who.php", pool).body();
        EXPECT_EQ(body.substr(body.find(' ') + 1), words);
        EXPECT_EQ(effective_user(std::atoi(body.c_str())), ::getpwnam(user)->pw_uid) << body;
    };
    expect_user("www", "www-data", "www-data\nwww-data www-data");
    expect_user("other", "nobody", "nobody\ndaemon nobody");
}

/// Least of all root's.
TEST_F(PoolUsers, GivenByNumberHaveOnlyTheGroupTheyAreGiven) {
    SKIP_UNLESS_ROOT("pools change their user");
    site().script("groups.php", "<?php echo implode('', preg_grep('/^Groups/', file('/proc/self/status')));");
    site().pool().set("user", "12345").set("group", "23456").set("listen.mode", "0666");
    site().add_pool("known").set("user", "33").set("group", "23456").set("listen.mode", "0666");
    site().start();
    EXPECT_EQ(site().get("/groups.php").body(), "Groups:\t23456 \n");
    EXPECT_EQ(site().get("/groups.php", "known").body(), "Groups:\t23456 \n");
}

TEST_F(PoolUsers, CannotGetRootBack) {
    SKIP_UNLESS_ROOT("pools change their user");
    site().script(
        "rights.php",
        "<?php echo implode('', preg_grep('/^(Uid|Gid|CapPrm|CapEff)/', file('/proc/self/status')));");
    site().start();
    EXPECT_EQ(site().get("/rights.php").body(),
              "Uid:\t33\t33\t33\t33\nGid:\t33\t33\t33\t33\n"
              "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
}

TEST_F(PoolUsers, MayNotBeRootWithoutAskingForIt) {
    SKIP_UNLESS_ROOT("only root could become root");
    site().pool().set("user", "root").set("group", "root");
    Daemon& daemon = site().launch();
    EXPECT_EQ(daemon.wait(), (ExitStatus{78, 0}));
    EXPECT_NE(daemon.log().find("[pool www] please specify user and group other than root"),
              std::string::npos)
        << daemon.log();
}

/// Starts the daemon through another program.
class UsualRightsLacking : public SiteTest {
  protected:
    void start_through(const std::string& command) {
        SKIP_UNLESS_ROOT("root's rights are taken away");
        std::filesystem::path& program = site().start_options().program.path;
        program = site().files().write(
            "started", "#!/bin/sh\nexec " + command + " " + program.string() + " \"$@\"\n", 0755);
        site().script("x.php", "<?php echo getmyuid() >= 0 ? 'x' : '';");
        site().start();
    }
};

/// As in a container that has none, or only the one user.
TEST_F(UsualRightsLacking, ForAnotherUserRootServesAsRoot) {
    site()
        .pool()
        .set("user", "root")
        .set("group", "root")
        .set("listen.owner", "root")
        .set("listen.group", "root");
    site().start_options().arguments.push_back("-R");
    start_through("setpriv --bounding-set=-all --inh-caps=-all");
    EXPECT_EQ(site().get("/x.php").body(), "x") << site().daemon().log();
}

}  // namespace
}  // namespace phalanx::harness

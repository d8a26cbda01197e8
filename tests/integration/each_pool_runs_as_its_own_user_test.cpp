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

}  // namespace
}  // namespace phalanx::harness

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class SocketOwner : public SiteTest {
  protected:
    struct stat socket_after_start() {
        site().start();
        struct stat found {};
        EXPECT_EQ(::stat(site().address().host().c_str(), &found), 0);
        EXPECT_TRUE(S_ISSOCK(found.st_mode));
        return found;
    }
};

TEST_F(SocketOwner, OwnerGroupAndModeAreAsConfigured) {
    SKIP_UNLESS_ROOT("a socket is given to another user");
    site().pool().set("listen.owner", "nobody").set("listen.group", "daemon").set("listen.mode", "0626");
    const struct stat found = socket_after_start();
    EXPECT_EQ(found.st_uid, ::getpwnam("nobody")->pw_uid);
    EXPECT_EQ(found.st_gid, ::getgrnam("daemon")->gr_gid);
    EXPECT_EQ(found.st_mode & 07777, 0626u);
}

TEST_F(SocketOwner, ANamedOwnerBringsItsGroup) {
    SKIP_UNLESS_ROOT("a socket is given to another user");
    site().pool().set("listen.owner", "nobody").remove("listen.group");
    const struct stat found = socket_after_start();
    EXPECT_EQ(found.st_uid, ::getpwnam("nobody")->pw_uid);
    EXPECT_EQ(found.st_gid, ::getpwnam("nobody")->pw_gid);
}

TEST_F(SocketOwner, WithoutDirectivesItIsTheStartersAnd0660) {
    site().pool().remove("listen.owner").remove("listen.group");
    const struct stat found = socket_after_start();
    EXPECT_EQ(found.st_uid, ::geteuid());
    EXPECT_EQ(found.st_gid, ::getegid());
    EXPECT_EQ(found.st_mode & 07777, 0660u);
}

/// Whether a process of this user, without supplementary groups, can connect.
bool may_connect(const Address& address, uid_t user, gid_t group) {
    const pid_t child = ::fork();
    if (child == 0) {
        const bool changed = ::setgroups(0, nullptr) == 0 && ::setresgid(group, group, group) == 0 &&
                             ::setresuid(user, user, user) == 0;
        ::_exit(changed && FastCgiClient(address).connected() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(SocketOwner, OthersMayConnectByTheAccessControlList) {
    SKIP_UNLESS_ROOT("it tries to connect as several users");
    const uid_t nobody = ::getpwnam("nobody")->pw_uid;
    const uid_t games = ::getpwnam("games")->pw_uid;
    const gid_t users = ::getgrnam("users")->gr_gid;
    const gid_t tape = ::getgrnam("tape")->gr_gid;
    site().pool().set("listen.acl_users", "nobody,backup").set("listen.acl_groups", "users");
    site().pool().set("listen.owner", "games").set("listen.group", "tape");
    const struct stat found = socket_after_start();
    EXPECT_EQ(found.st_uid, ::geteuid()) << "owner and group do not count beside the list";
    const Address address = site().address();
    EXPECT_TRUE(may_connect(address, nobody, tape));
    EXPECT_TRUE(may_connect(address, ::getpwnam("backup")->pw_uid, tape));
    EXPECT_TRUE(may_connect(address, games, users));
    EXPECT_FALSE(may_connect(address, games, tape));
    EXPECT_TRUE(site().daemon().wait_for_log("[pool www] ACL set, listen.owner = 'games' is ignored"));
    EXPECT_TRUE(site().daemon().wait_for_log("[pool www] ACL set, listen.group = 'tape' is ignored"));
}

TEST_F(SocketOwner, AnUnknownNameInTheListStartsNothing) {
    site().pool().set("listen.acl_users", "nobody, nobody");
    Daemon& daemon = site().launch();
    EXPECT_EQ(daemon.wait(), (ExitStatus{78, 0}));
    EXPECT_NE(daemon.log().find("[pool www] cannot get uid for user ' nobody': Success (0)"),
              std::string::npos)
        << daemon.log();
}

}  // namespace
}  // namespace phalanx::harness

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
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

}  // namespace
}  // namespace phalanx::harness

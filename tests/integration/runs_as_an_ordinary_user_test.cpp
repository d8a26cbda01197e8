#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

namespace fs = std::filesystem;

class OrdinaryUser : public SiteTest {
  protected:
    /// As root the daemon is started as nobody, from a copy that nobody can reach, with a folder it may
    /// write.
    void become_ordinary() {
        if (::geteuid() != 0) return;
        const passwd* const nobody = ::getpwnam("nobody");
        ASSERT_NE(nobody, nullptr);
        site().start_options().run_as = {nobody->pw_uid, nobody->pw_gid};
        const fs::path folder = site().files().open_folder("run");
        site().global().set("error_log", (folder / "error.log").string());
        site()
            .pool()
            .set("listen", (folder / "www.sock").string())
            .remove("listen.owner")
            .remove("listen.group");
        DaemonProgram& program = site().start_options().program;
        program = copied_to(site().files().open_folder("bin"), program);
    }
};

TEST_F(OrdinaryUser, ServesWithItsOwnRights) {
    become_ordinary();
    site().script("pid.php", "<?php echo getmypid();");
    site().pool().remove("user").remove("group");
    site().start();
    const Answer answer = site().get("/pid.php");
    ASSERT_EQ(answer.status(), 200) << answer;
    const auto user = effective_user(std::atoi(answer.body().c_str()));
    EXPECT_EQ(user, effective_user(site().daemon().pid()));
    EXPECT_NE(user, 0u);
}

/// A start as root has left it.
TEST_F(OrdinaryUser, ReplacesASocketFileThatItMayNotTry) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for the socket file of root's";
    become_ordinary();
    site().script("hello.php", "<?php echo 'hello';");
    site().pool().remove("user").remove("group");
    const Address address = site().address();
    {
        sockaddr_storage storage{};
        const socklen_t length = address.fill(storage);
        const Descriptor left_behind(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::bind(left_behind.get(), reinterpret_cast<const sockaddr*>(&storage), length), 0);
        ASSERT_EQ(::chmod(address.host().c_str(), 0600), 0);
    }
    site().start();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

TEST_F(OrdinaryUser, IsNamedInTheEnvironmentOfScripts) {
    become_ordinary();
    site().script("names.php", "<?php echo getenv('USER'), ' ', getenv('HOME');");
    site().pool().remove("user").remove("group");
    site().start();
    const auto runs_as = site().start_options().run_as;
    const passwd* const user = ::getpwuid(runs_as ? runs_as->first : ::geteuid());
    const std::string expected = user != nullptr ? std::string(user->pw_name) + " " + user->pw_dir : " ";
    EXPECT_EQ(site().get("/names.php").body(), expected);
}

TEST_F(OrdinaryUser, IsToldWhichDirectivesAreIgnored) {
    become_ordinary();
    site().script("hello.php", "<?php echo 'hello';");
    site().pool().set("user", "www-data").set("group", "www-data");
    site().start();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
    const std::string log = site().daemon().log();
    for (const char* name : {"user", "group"}) {
        const std::string line = "NOTICE: [pool www] '" + std::string(name) +
                                 "' directive is ignored when FPM is not running as root\n";
        EXPECT_NE(log.find(line), std::string::npos) << log;
    }
}

}  // namespace
}  // namespace phalanx::harness

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/child_process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

namespace fs = std::filesystem;

#define SKIP_WITHOUT(program) \
    if (::access(program, X_OK) != 0) GTEST_SKIP() << program << " is not installed"

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
}

/// What `cmake --install` puts in place for the system's services, below a folder of the test's.
class ShippedServiceFiles : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        const Outcome installed = run({"/usr/bin/cmake", "-DCMAKE_INSTALL_PREFIX=" + prefix().string(), "-P",
                                       std::string(PHALANX_SOURCE) + "/conf/install.cmake"});
        ASSERT_EQ(installed.status, (ExitStatus{0, 0})) << installed.errors;
        fs::create_directories(prefix() / "sbin");
        fs::create_symlink(site().start_options().program.path, prefix() / "sbin/phalanx");
    }
    [[nodiscard]] fs::path prefix() { return site().files() / "usr"; }
    [[nodiscard]] std::string unit(const std::string& name) {
        return (prefix() / "lib/systemd/system" / name).string();
    }
    void harden() {
        fs::create_directory(unit("phalanx.service.d"));
        fs::copy_file(prefix() / "share/doc/phalanx/hardened.conf",
                      unit("phalanx.service.d") + "/hardened.conf");
    }
    /// What systemd-analyze thinks of the unit: 0 is best, 10 is worst.
    [[nodiscard]] double exposure() {
        const Outcome judged =
            run({"/usr/bin/systemd-analyze", "security", "--offline=yes", unit("phalanx.service")});
        const std::string before = "exposure level for phalanx.service: ";
        const std::size_t found = judged.output.find(before);
        return found == std::string::npos ? -1 : std::atof(judged.output.c_str() + found + before.size());
    }
};

TEST_F(ShippedServiceFiles, AreSoundUnits) {
    SKIP_WITHOUT("/usr/bin/systemd-analyze");
    harden();
    const Outcome verified = run(
        {"/usr/bin/systemd-analyze", "verify", "--man=no", unit("phalanx.service"), unit("phalanx.socket")});
    EXPECT_EQ(verified.status, (ExitStatus{0, 0}));
    EXPECT_EQ(verified.errors, "");
}

TEST_F(ShippedServiceFiles, AreHardenedByTheDropIn) {
    SKIP_WITHOUT("/usr/bin/systemd-analyze");
    EXPECT_GT(exposure(), 9.0);
    harden();
    EXPECT_LT(exposure(), 3.5);
}

TEST_F(ShippedServiceFiles, MakeTheFolderForSockets) {
    SKIP_WITHOUT("/usr/bin/systemd-tmpfiles");
    SKIP_UNLESS_ROOT("gives a folder to root");
    const fs::path root = site().files() / "root";
    fs::create_directory(root);
    const Outcome made = run({"/usr/bin/systemd-tmpfiles", "--create", "--root=" + root.string(),
                              (prefix() / "lib/tmpfiles.d/phalanx.conf").string()});
    EXPECT_EQ(made.status, (ExitStatus{0, 0})) << made.errors;
    EXPECT_TRUE(fs::is_directory(root / "run/phalanx"));
}

TEST_F(ShippedServiceFiles, RotateLogs) {
    SKIP_WITHOUT("/usr/sbin/logrotate");
    site().script("x.php", "<?php");
    const std::string log = (site().files() / "access.log").string();
    const std::string pid_file = (site().files() / "phalanx.pid").string();
    site().global().set("pid", pid_file);
    site().pool().set("access.log", log).set("access.format", "%R%Q%q %{REQUEST_URI}e");
    site().start();
    EXPECT_EQ(site().get("/x.php").status(), 200);

    std::string rules = read_file(prefix() / "etc/logrotate.d/phalanx");
    replace_all(rules, "/var/log/phalanx.log", log);
    replace_all(rules, "/run/phalanx/phalanx.pid", pid_file);
    const std::string file = site().files().write("logrotate.conf", rules, 0600);
    fs::permissions(site().files().path(), fs::perms::group_write | fs::perms::others_write,
                    fs::perm_options::remove);
    const Outcome rotated =
        run({"/usr/sbin/logrotate", "--force", "--state", (site().files() / "state").string(), file});
    EXPECT_EQ(rotated.status, (ExitStatus{0, 0})) << rotated.errors;
    EXPECT_TRUE(site().daemon().wait_for_log("access log file re-opened")) << rotated.errors;
    EXPECT_EQ(site().get("/x.php").status(), 200);
    EXPECT_TRUE(eventually(kPatience, [&] { return !read_file(log).empty(); }));
    EXPECT_FALSE(read_file(log + ".1").empty());
}

}  // namespace
}  // namespace phalanx::harness

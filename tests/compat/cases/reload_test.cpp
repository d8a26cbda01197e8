#include <unistd.h>

#include <csignal>

#include "compat/comparison.hpp"
#include "harness/eventually.hpp"

namespace phalanx::compat {
namespace {

using harness::Site;

/// Of workers in the places of dead ones: Phalanx makes them also while it reads the new configuration.
const Mask kStarted{"", "\\[LOG TIME\\] NOTICE: \\[pool www\\] child PID started\n"};

/// What both programs do with one configuration, one after the other; gives back the log of each.
class ReloadLog : public testing::Test {
  protected:
    using Deed = std::function<void(Site&)>;

    void SetUp() override { SKIP_UNLESS_BOTH(); }

    static std::string log_of(const harness::DaemonProgram& program, const Deed& prepare, const Deed& deed) {
        Site site(program);
        site.script("x.php", "<?php echo 'x';");
        prepare(site);
        site.start();
        deed(site);
        site.daemon().signal(SIGTERM);
        (void)site.daemon().wait();
        const std::string log =
            masked(site.daemon().log(), site, {{"FD", "fd=[0-9]+"}, {"ARGUMENTS", "execvp\\([^\n]*"}});
        return masked(log, {kStarted});
    }
    static void compare_logs(const Deed& prepare, const Deed& deed) {
        EXPECT_EQ(log_of(*harness::installed_php_fpm(), prepare, deed),
                  log_of(*harness::driven_daemon(), prepare, deed));
    }
    static bool is_ready_again(Site& site, int signal = SIGUSR2) {
        return site.reload("systemd monitor", signal) && site.get("/x.php").body() == "x";
    }
};

TEST_F(ReloadLog, HasPhpFpmsLines) {
    compare_logs([](Site&) {}, [](Site& site) { EXPECT_TRUE(is_ready_again(site)); });
}

TEST_F(ReloadLog, NamesTheSocketsOfAllPools) {
    compare_logs([](Site& site) { site.add_pool("second"); },
                 [](Site& site) { EXPECT_TRUE(is_ready_again(site)); });
}

TEST_F(ReloadLog, NamesTheSocketOfARemovedPool) {
    compare_logs([](Site& site) { site.add_pool("second"); },
                 [](Site& site) {
                     site.drop_pool("second");
                     EXPECT_TRUE(is_ready_again(site));
                     EXPECT_TRUE(is_ready_again(site));
                 });
}

TEST_F(ReloadLog, HasTheNoticesOfTheConfigurationBehindTheExecution) {
    compare_logs(
        [](Site& site) {
            site.pool().set("pm", "dynamic").set("pm.max_children", "4");
            site.pool().set("pm.min_spare_servers", "1").set("pm.max_spare_servers", "3");
        },
        [](Site& site) { EXPECT_TRUE(is_ready_again(site)); });
}

TEST_F(ReloadLog, IsTheSameForHup) {
    compare_logs([](Site&) {}, [](Site& site) { EXPECT_TRUE(is_ready_again(site, SIGHUP)); });
}

TEST_F(ReloadLog, OfAnEmergencyRestart) {
    compare_logs(
        [](Site& site) {
            site.global().set("emergency_restart_threshold", "2").set("emergency_restart_interval", "60");
            site.pool().set("pm.max_children", "1");
        },
        [](Site& site) {
            for (int crash = 1; crash <= 2; ++crash) {
                std::vector<pid_t> workers;
                ASSERT_TRUE(harness::eventually(harness::kPatience, [&] {
                    workers = site.daemon().workers();
                    return workers.size() == 1;
                })) << site.daemon().log();
                // Which is known to its master then.
                ASSERT_EQ(site.get("/x.php").body(), "x");
                ASSERT_EQ(::kill(workers[0], SIGSEGV), 0);
                ASSERT_TRUE(harness::eventually(harness::kPatience, [&] {
                    const auto now = site.daemon().workers();
                    return now.size() == 1 && now != workers;
                })) << site.daemon().log();
            }
            // (A worker of before the restart may be replaced once more, too.)
            EXPECT_TRUE(harness::eventually(harness::kPatience, [&] {
                const std::string log = site.daemon().log();
                return log.find("systemd monitor") != log.rfind("systemd monitor");
            })) << site.daemon().log();
            EXPECT_EQ(site.get("/x.php").body(), "x");
        });
}

}  // namespace
}  // namespace phalanx::compat

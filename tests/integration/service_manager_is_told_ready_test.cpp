#include <gmock/gmock.h>

#include "harness/notify_socket.hpp"
#include "harness/site.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

using testing::StartsWith;

class ServiceManager : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        notify_.emplace(site().files() / "notify");
        site().start_options().environment = {{"NOTIFY_SOCKET", (site().files() / "notify").string()}};
    }
    NotifySocket& notify() { return *notify_; }
    /// Past what is stored, which is another test's business.
    std::string next_text() {
        for (;;) {
            const Notice notice = notify().next();
            if (notice.value("FDNAME").empty()) return notice.text;
        }
    }

  private:
    std::optional<NotifySocket> notify_;
};

TEST_F(ServiceManager, IsToldReadyAndThenTheState) {
    site().global().set("systemd_interval", "1");
    site().start();
    EXPECT_EQ(next_text(), "READY=1\nSTATUS=Ready to handle connections\nMAINPID=" +
                               std::to_string(site().daemon().pid()));
    EXPECT_THAT(next_text(),
                StartsWith("READY=1\nSTATUS=Processes active: 0, idle: 2, Requests: 0, slow: 0"));
    EXPECT_TRUE(site().daemon().wait_for_log("NOTICE: systemd monitor interval set to 1000ms"));
}

TEST_F(ServiceManager, HasItsWatchdogFedTwiceInItsTime) {
    site().start_options().environment.emplace_back("WATCHDOG_USEC", "2100000");
    site().start();
    EXPECT_THAT(next_text(), StartsWith("READY=1\nSTATUS=Ready"));
    EXPECT_THAT(next_text(), StartsWith("READY=1\nWATCHDOG=1\nSTATUS=Processes active: 0, idle: 2"));
    EXPECT_TRUE(site().daemon().wait_for_log("NOTICE: systemd watchdog configured to 1.05sec"));
    EXPECT_TRUE(site().daemon().wait_for_log("NOTICE: systemd monitor interval set to 1050ms"));
}

TEST_F(ServiceManager, IsNotToldReadyByADaemonThatFails) {
    site().pool().set("pm", "dynamic").set("pm.max_spare_servers", "5");
    site().launch();
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{78, 0}));
    EXPECT_EQ(notify().next(milliseconds(0)).text.find("READY=1"), std::string::npos);
}

/// What Type=notify-reload asks for: when the reload began, then when it was over.
TEST_F(ServiceManager, IsToldWhenAReloadBeginsAndEnds) {
    SKIP_UNLESS_PHALANX("says nothing of it");
    site().start();
    EXPECT_THAT(next_text(), StartsWith("READY=1"));
    const auto now_usec = [] {
        return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
    };
    const auto before = now_usec();
    ASSERT_TRUE(site().reload());
    const Notice begin = notify().next_with("RELOADING");
    EXPECT_EQ(begin.value("RELOADING"), "1");
    EXPECT_GE(std::stoll(begin.value("MONOTONIC_USEC")), before);
    EXPECT_LE(std::stoll(begin.value("MONOTONIC_USEC")), now_usec());
    EXPECT_THAT(next_text(), StartsWith("READY=1\nSTATUS=Ready"));
}

TEST_F(ServiceManager, IsToldThatAReloadHasFailed) {
    SKIP_UNLESS_PHALANX("ends");
    site().start();
    EXPECT_THAT(next_text(), StartsWith("READY=1"));
    site().pool().set("pm.max_children", "none");
    ASSERT_TRUE(site().reload("the configuration was not changed"));
    EXPECT_THAT(next_text(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    EXPECT_THAT(next_text(), StartsWith("READY=1\nSTATUS=Reload failed"));
}

TEST_F(ServiceManager, IsToldWhenItStopsAndNotThatItIsReadyAfterThat) {
    SKIP_UNLESS_PHALANX("says nothing of it");
    site().script("long.php", script_that_takes(3));
    site().global().set("systemd_interval", "1").set("process_control_timeout", "15");
    site().start();
    RunningScript running(site().address(), site().request("/long.php"));
    ASSERT_NE(running.pid(), 0);
    site().daemon().signal(SIGQUIT);
    EXPECT_EQ(notify().next_with("STOPPING").text, "STOPPING=1\nSTATUS=Finishing running requests");
    EXPECT_THAT(next_text(), StartsWith("STATUS=Processes active: 1"));
    EXPECT_EQ(running.rest().output, "done");
}

TEST_F(ServiceManager, ThatDoesNotReadHoldsNothingUp) {
    SKIP_UNLESS_PHALANX("waits for it");
    site().script("x.php", "<?php echo 'x';");
    site().global().set("systemd_interval", "1");
    site().start();
    // Far more than the socket's queue takes (net.unix.max_dgram_qlen).
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(site().reload()) << i;
    EXPECT_EQ(site().get("/x.php").body(), "x");
}

}  // namespace
}  // namespace phalanx::harness

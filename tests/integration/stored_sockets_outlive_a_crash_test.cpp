#include <gmock/gmock.h>

#include <csignal>

#include "harness/notify_socket.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// The test is the service manager with the descriptor store.
class StoredSockets : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        notify_.emplace(site().files() / "notify");
        set_environment({});
        site().script("x.php", "<?php echo 'x';");
    }
    void set_environment(const std::string& names) {
        auto& environment = site().start_options().environment;
        environment = {{"NOTIFY_SOCKET", (site().files() / "notify").string()}};
        if (!names.empty()) environment.emplace_back("LISTEN_FDNAMES", names);
    }
    Notice stored() { return notify_->next_with("FDSTORE"); }
    Notice removed() { return notify_->next_with("FDSTOREREMOVE"); }
    NotifySocket& notify() { return *notify_; }
    /// Kills the master, as a crash would, and starts the next one with what was stored.
    void crash_and_start(const Notice& kept) {
        site().daemon().signal(SIGKILL);
        ASSERT_TRUE(site().daemon().wait());
        set_environment(kept.value("FDNAME"));
        site().start_options().passed = {kept.descriptor.get()};
    }

  private:
    std::optional<NotifySocket> notify_;
};

TEST_F(StoredSockets, OutliveACrashWithAllThatWait) {
    SKIP_UNLESS_PHALANX("stores nothing");
    site().start();
    const Notice kept = stored();
    ASSERT_TRUE(kept.descriptor.is_open());
    EXPECT_THAT(kept.value("FDNAME"), testing::MatchesRegex("phalanx-listen-[0-9]+-[A-Za-z0-9/._-]+"));
    crash_and_start(kept);
    // Between the two masters: nobody is refused, and whoever waits is served by the next one.
    FastCgiClient waiting(site().address());
    waiting.send(site().request("/x.php"));
    site().start();
    EXPECT_EQ(waiting.read_answer().body(), "x") << site().daemon().log();
    EXPECT_EQ(site().get("/x.php").body(), "x");
    EXPECT_TRUE(site().daemon().wait_for_log("using inherited socket fd=")) << site().daemon().log();
}

TEST_F(StoredSockets, AreGivenUpWhenTheirFileIsGone) {
    SKIP_UNLESS_PHALANX("stores nothing");
    site().start();
    const Notice kept = stored();
    crash_and_start(kept);
    std::filesystem::remove(site().address().host());
    site().start();
    EXPECT_EQ(removed().value("FDNAME"), kept.value("FDNAME"));
    EXPECT_NE(stored().value("FDNAME"), kept.value("FDNAME"));
    EXPECT_EQ(site().get("/x.php").body(), "x");
}

/// Whoever mends the configuration still finds the clients that wait.
TEST_F(StoredSockets, OutliveAStartThatFails) {
    SKIP_UNLESS_PHALANX("stores nothing");
    site().start();
    const Notice kept = stored();
    crash_and_start(kept);
    site().add_pool("second").set("listen", "/nonexistent/second.sock");
    site().launch();
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{78, 0}));
    site().drop_pool("second");
    FastCgiClient waiting(site().address());
    EXPECT_TRUE(waiting.connected());
    waiting.send(site().request("/x.php"));
    site().start();
    EXPECT_EQ(waiting.read_answer().body(), "x") << site().daemon().log();
}

TEST_F(StoredSockets, AreRemovedWhenTheirPoolHasGoneMeanwhile) {
    SKIP_UNLESS_PHALANX("stores nothing");
    site().start();
    const Notice kept = stored();
    crash_and_start(kept);
    const std::string path = site().address().host();
    site().pool().set("listen", (site().files() / "elsewhere.sock").string());
    site().start();
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(removed().value("FDNAME"), kept.value("FDNAME"));
    EXPECT_EQ(site().get("/x.php").body(), "x");
}

TEST_F(StoredSockets, LeaveTheStoreWithTheirPool) {
    SKIP_UNLESS_PHALANX("stores nothing");
    site().add_pool("second");
    site().start();
    const Notice one = stored();
    const Notice two = stored();
    const bool one_is_second = one.value("FDNAME").ends_with("second.sock");
    site().drop_pool("second");
    ASSERT_TRUE(site().reload());
    EXPECT_EQ(removed().value("FDNAME"), (one_is_second ? one : two).value("FDNAME"));
}

TEST_F(StoredSockets, LeaveTheStoreWhenItStopsInOrder) {
    SKIP_UNLESS_PHALANX("stores nothing");
    site().start();
    const Notice kept = stored();
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_EQ(removed().value("FDNAME"), kept.value("FDNAME"));
    EXPECT_FALSE(std::filesystem::exists(site().address().host()));
}

TEST_F(StoredSockets, AreOursAgainAndRemovedInTheEnd) {
    SKIP_UNLESS_PHALANX("stores nothing");
    site().start();
    const Notice kept = stored();
    crash_and_start(kept);
    site().start();
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_FALSE(std::filesystem::exists(site().address().host()));
    EXPECT_EQ(removed().value("FDNAME"), kept.value("FDNAME"));
}

}  // namespace
}  // namespace phalanx::harness

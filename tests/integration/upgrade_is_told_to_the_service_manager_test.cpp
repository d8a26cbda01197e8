#include <csignal>

#include "harness/notify_socket.hpp"
#include "harness/upgrade.hpp"

namespace phalanx::harness {
namespace {

/// The test is the service manager, with a store for descriptors.
class ToldUpgrade : public UpgradeTest {
  protected:
    void SetUp() override {
        UpgradeTest::SetUp();
        if (IsSkipped()) return;
        notify_.emplace(site().files() / "notify");
        site().start_options().environment = {{"NOTIFY_SOCKET", (site().files() / "notify").string()}};
        site().script("x.php", "<?php echo 'x';");
    }
    NotifySocket& notify() { return *notify_; }

  private:
    std::optional<NotifySocket> notify_;
};

TEST_F(ToldUpgrade, IsAReloadOfTheSameProcess) {
    site().start();
    ASSERT_TRUE(notify().next_with("READY").value("MAINPID") == std::to_string(site().daemon().pid()));
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    EXPECT_EQ(notify().next_with("RELOADING").value("RELOADING"), "1");
    EXPECT_EQ(notify().next_with("READY").value("MAINPID"), std::to_string(site().daemon().pid()));
    ASSERT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); }));
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_EQ(notify().next_with("STOPPING").value("STOPPING"), "1");
}

TEST_F(ToldUpgrade, KeepsTheStoreTrue) {
    site().add_pool("second");
    site().start();
    const Notice one = notify().next_with("FDSTORE");
    const Notice two = notify().next_with("FDSTORE");
    site().drop_pool("second");
    site().add_pool("third");
    ASSERT_TRUE(upgrade()) << site().daemon().log();
    const bool one_is_second = one.value("FDNAME").ends_with("second.sock");
    EXPECT_TRUE(notify().next_with("FDSTORE").value("FDNAME").ends_with("third.sock"));
    EXPECT_EQ(notify().next_with("FDSTOREREMOVE").value("FDNAME"),
              (one_is_second ? one : two).value("FDNAME"));
    EXPECT_EQ(site().get("/x.php", "third").body(), "x");
    ASSERT_TRUE(eventually(kPatience, [&] { return former_masters().empty(); }));
    // Two sockets are ours in the end, and leave the store with us.
    site().daemon().signal(SIGTERM);
    EXPECT_EQ(site().daemon().wait(), (ExitStatus{0, 0}));
    EXPECT_FALSE(notify().next_with("FDSTOREREMOVE").value("FDNAME").empty());
    EXPECT_FALSE(notify().next_with("FDSTOREREMOVE").value("FDNAME").empty());
}

}  // namespace
}  // namespace phalanx::harness

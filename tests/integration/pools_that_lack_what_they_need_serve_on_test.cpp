#include <sys/resource.h>

#include <csignal>
#include <map>

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class Shortage : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("it has no template, and needs fewer descriptors for a worker");
        site().script("x.php", "<?php echo 'x';");
    }
    bool serves() {
        for (int i = 0; i < 10; ++i) {
            const Answer answer = site().get("/x.php");
            EXPECT_EQ(answer.body(), "x") << i << ": " << answer;
            if (answer.body() != "x") return false;
        }
        return true;
    }
    void kill_workers() {
        for (const pid_t worker : site().daemon().workers()) EXPECT_TRUE(kill_process(worker));
    }
};

/// More than its master can have channels and pidfds for.
TEST_F(Shortage, OfDescriptorsMeansFewerWorkers) {
    site().pool().set("pm.max_children", "60").set("catch_workers_output", "yes");
    site().launch();
    const rlimit few{120, 120};
    ASSERT_EQ(::prlimit(site().daemon().pid(), RLIMIT_NOFILE, &few, nullptr), 0);
    ASSERT_TRUE(site().daemon().wait_until_ready());
    EXPECT_TRUE(site().daemon().wait_for_log("no more workers can be made for now"));
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(serves()) << site().daemon().log();
        EXPECT_TRUE(eventually(kPatience, [&] { return site().daemon().workers().size() > 2; }));
        EXPECT_LT(site().daemon().workers().size(), 60U);
        kill_workers();
    }
    EXPECT_TRUE(serves()) << site().daemon().log();
    EXPECT_EQ(site().daemon().log().find("broke the rules"), std::string::npos) << site().daemon().log();
}

/// Its pool's scripts run as the same user, and may do that.
TEST_F(Shortage, OfATemplatesDescriptorsMeansANewTemplate) {
    site().script("limit.php",
                  "<?php exec('prlimit --nofile=4:4 --pid ' . $_GET['pid'], $said, $code); echo $code;");
    site().start();
    // Workers that have just been forked have its title for a moment.
    ASSERT_TRUE(eventually(kPatience, [&] {
        return site().daemon().workers().size() == 2 && site().daemon().templates().size() == 1;
    }));
    const pid_t former = site().daemon().templates()[0];
    ASSERT_EQ(site().get("/limit.php?pid=" + std::to_string(former)).body(), "0");
    kill_workers();
    EXPECT_TRUE(site().daemon().wait_for_log("of its workers could not be made"));
    EXPECT_TRUE(site().daemon().wait_for_log("its template makes no workers, and is ended", 2 * kPatience));
    EXPECT_TRUE(serves()) << site().daemon().log();
    EXPECT_TRUE(eventually(kPatience, [&] {
        const auto now = site().daemon().templates();
        return now.size() == 1 && now[0] != former;
    }));
}

}  // namespace
}  // namespace phalanx::harness

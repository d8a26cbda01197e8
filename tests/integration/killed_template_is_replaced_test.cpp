#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class KilledTemplate : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("it has no template");
        site().script("pid.php", "<?php echo getmypid();");
        site().pool().set("pm.max_children", "1");
        site().start();
        ASSERT_TRUE(eventually(kPatience, [this] { return site().daemon().templates().size() == 1; }));
        template_ = site().daemon().templates().front();
        worker_ = worker();
        ASSERT_GT(worker_, 0);
        ASSERT_TRUE(kill_process(template_));
    }
    pid_t worker() { return std::atoi(site().get("/pid.php").body().c_str()); }
    bool has_new_template() {
        const std::vector<pid_t> now = site().daemon().templates();
        return now.size() == 1 && now.front() != template_;
    }

    pid_t template_ = 0;
    pid_t worker_ = 0;
};

TEST_F(KilledTemplate, TakesNoWorkerAlong) {
    EXPECT_EQ(worker(), worker_);
    EXPECT_TRUE(eventually(kPatience, [this] { return has_new_template(); })) << site().daemon().log();
    const pid_t still = worker();
    EXPECT_GT(still, 0);
}

TEST_F(KilledTemplate, LeavesAPoolThatStillReplacesItsWorkers) {
    ASSERT_TRUE(kill_process(worker()));
    const pid_t next = worker();
    EXPECT_GT(next, 0) << site().daemon().log();
    ASSERT_TRUE(eventually(kPatience, [this] { return has_new_template(); })) << site().daemon().log();
    ASSERT_TRUE(kill_process(next));
    const pid_t last = worker();
    EXPECT_GT(last, 0) << site().daemon().log();
    EXPECT_NE(last, next);
}

}  // namespace
}  // namespace phalanx::harness

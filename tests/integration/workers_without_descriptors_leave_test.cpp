#include "harness/pattern.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// What a script leaves behind may keep its worker from taking another connection. It has to make room for a
/// worker that can, and no client is to lose its request.
class WorkerWithoutDescriptors : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("limit.php", "<?php posix_setrlimit(POSIX_RLIMIT_NOFILE, 4, 4); echo getmypid();");
        site().script("pid.php", "<?php echo getmypid();");
        site().pool().set("pm.max_children", "1").set("php_admin_value[extension]", "posix");
    }
    void expect_others_to_be_served(bool keep) {
        Request request = site().request("/pid.php");
        request.keep = keep;
        for (int i = 0; i < 5; ++i) {
            FastCgiClient client(site().address());
            const Answer answer = client.exchange(request);
            EXPECT_EQ(answer.status(), 200) << i << answer << site().daemon().log();
            EXPECT_NE(answer.body(), former_);
        }
    }
    /// Once it has seen each kind of object UBSan needs no pipe of its own to look at one.
    void let_worker_warm_up() {
        for (const bool keep : {false, true}) {
            FastCgiClient client(site().address());
            Request request = site().request("/pid.php");
            request.keep = keep;
            EXPECT_EQ(client.exchange(request).status(), 200);
        }
    }
    void starve_worker() {
        let_worker_warm_up();
        former_ = site().get("/limit.php").body();
        ASSERT_NE(std::atoi(former_.c_str()), 0);
    }

    std::string former_;
};

TEST_F(WorkerWithoutDescriptors, LeavesBeforeTheNextShortConnection) {
    site().start();
    starve_worker();
    expect_others_to_be_served(false);
}

TEST_F(WorkerWithoutDescriptors, LeavesBeforeTheNextKeptConnection) {
    site().start();
    starve_worker();
    expect_others_to_be_served(true);
}

TEST_F(WorkerWithoutDescriptors, GivesTheConnectionBackThatItKeeps) {
    SKIP_UNLESS_PHALANX("closes it");
    site().start();
    let_worker_warm_up();
    FastCgiClient client(site().address());
    former_ = client.exchange(site().request("/limit.php").keep_connection()).body();
    const Answer answer = client.exchange(site().request("/pid.php").keep_connection());
    EXPECT_EQ(answer.status(), 200) << answer << site().daemon().log();
    EXPECT_NE(answer.body(), former_);
}

/// It is idle when it runs out of descriptors, so that it learns of that from the next connection alone.
TEST_F(WorkerWithoutDescriptors, LeavesOthersToItsSuccessor) {
    site().script("later.php",
                  "<?php $pid = getmypid(); echo $pid; "
                  "exec(\"(sleep 0.2; exec prlimit --pid=$pid --nofile=4:4) > /dev/null 2>&1 &\");");
    site().start();
    former_ = site().get("/later.php").body();
    const pid_t worker = std::atoi(former_.c_str());
    const std::string limits = "/proc/" + former_ + "/limits";
    const auto is_limited = [&] { return Pattern(".*Max open files +4 .*").matches(read_file(limits)); };
    if (!eventually(milliseconds(5000), is_limited))
        GTEST_SKIP() << "prlimit is not installed, or not allowed";
    // May be lost: nobody could know.
    (void)site().get("/pid.php");
    EXPECT_TRUE(eventually(kPatience, [&] { return !is_alive(worker); })) << site().daemon().log();
    expect_others_to_be_served(true);
}

}  // namespace
}  // namespace phalanx::harness

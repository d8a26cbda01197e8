#include <gmock/gmock.h>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class FatalError : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("fatal.php", "<?php no_such_function();");
        site().script("hello.php", "<?php echo 'hello';");
        site().pool().set("php_admin_flag[display_errors]", "off").set("php_admin_flag[log_errors]", "on");
        site().pool().set("php_admin_flag[html_errors]", "off");
    }
};

TEST_F(FatalError, IsA500AndALineInPhpsOwnLog) {
    const auto log = site().files().open_folder("logs") / "php.log";
    site().pool().set("php_admin_value[error_log]", log.string());
    site().start();
    const Answer answer = site().get("/fatal.php");
    EXPECT_EQ(answer.status(), 500) << answer;
    EXPECT_EQ(answer.body(), "");
    EXPECT_THAT(read_file(log), HasSubstr("PHP Fatal error:  Uncaught Error: Call to undefined function"));
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

TEST_F(FatalError, GoesToTheClientsErrorStreamWithoutALog) {
    site().start();
    const Answer answer = site().get("/fatal.php");
    EXPECT_EQ(answer.status(), 500) << answer;
    EXPECT_THAT(answer.errors,
                testing::StartsWith("PHP message: PHP Fatal error:  Uncaught Error: Call to undefined"));
}

TEST_F(FatalError, IsSaidIntoTheErrorLogWhereWorkersOutputIsCaught) {
    site().pool().set("catch_workers_output", "yes");
    site().start();
    EXPECT_EQ(site().get("/fatal.php").status(), 500);
    EXPECT_TRUE(site().daemon().wait_for_log("PHP message: PHP Fatal error:  Uncaught Error"))
        << site().daemon().log();
    EXPECT_THAT(site().daemon().log(),
                ContainsRegex("WARNING: \\[pool www\\] child [0-9]+ said into stderr: \"NOTICE: "
                              "PHP message: PHP Fatal error:  Uncaught Error"));
}

TEST_F(FatalError, OfMemoryOrTimeLeavesAWorkingPool) {
    site().script("memory.php", "<?php ini_set('memory_limit', '8M'); $x = str_repeat('x', 64 << 20);");
    site().script("time.php", "<?php set_time_limit(1); while (true);");
    site().pool().set("pm.max_children", "1");
    site().start();
    const Answer memory = site().get("/memory.php");
    EXPECT_EQ(memory.status(), 500) << memory;
    EXPECT_THAT(memory.errors, HasSubstr("Allowed memory size of 8388608 bytes exhausted"));
    const Answer time = site().get("/time.php");
    EXPECT_EQ(time.status(), 500) << time;
    EXPECT_THAT(time.errors, HasSubstr("Maximum execution time of 1 second exceeded"));
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

}  // namespace
}  // namespace phalanx::harness

#include <gmock/gmock.h>

#include "harness/site.hpp"
#include "notes.hpp"

namespace phalanx::harness {
namespace {

using testing::HasSubstr;

constexpr const char* kExceeded = "PHP Fatal error:  Maximum execution time of 1 second exceeded in ";

/// max_execution_time, set_time_limit() and hard_timeout, which the engine keeps by a timer of its own and
/// SIGPROF. The one worker must be the same before and after, and undisturbed.
class TimeLimits : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        notes_.emplace(site());
        site().pool().set("pm.max_children", "1");
        site().pool().set("php_admin_flag[display_errors]", "off").set("php_admin_flag[log_errors]", "on");
        site().pool().set("php_admin_flag[html_errors]", "off");
        script("pid.php", "echo getmypid();");
        script("loop.php", "set_time_limit(1); burn(20); echo 'never';");
        script("within.php", "set_time_limit(1); burn(0.6); echo 'done';");
        script("unlimited.php", "set_time_limit(0); burn(0.6); echo 'done';");
    }
    /// Scripts may burn(seconds) of the processor's time: limits do not count time asleep.
    void script(const char* name, const std::string& code) {
        site().script(
            name,
            notes_->php() +
                "function used() { $use = getrusage(); return $use['ru_utime.tv_sec'] + "
                "$use['ru_stime.tv_sec'] + ($use['ru_utime.tv_usec'] + $use['ru_stime.tv_usec']) / 1e6; } "
                "function burn($seconds) { for ($end = used() + $seconds; used() < $end;); } " +
                code);
    }
    std::string worker() { return site().get("/pid.php").body(); }
    void expect_ended(const Answer& answer) {
        EXPECT_EQ(answer.status(), 500) << answer;
        EXPECT_TRUE(answer.complete()) << answer;
        EXPECT_THAT(answer.errors, HasSubstr(kExceeded));
    }

    std::optional<Notes> notes_;
};

TEST_F(TimeLimits, EndAScriptThatComputes) {
    script("noting.php",
           "register_shutdown_function(function () { note('status ' . connection_status()); }); "
           "set_time_limit(1); burn(20); note('never');");
    site().start();
    const std::string before = worker();
    expect_ended(site().get("/noting.php"));
    EXPECT_EQ(notes_->text(), "status 2\n") << "PHP's CONNECTION_TIMEOUT";
    EXPECT_EQ(worker(), before);
}

TEST_F(TimeLimits, OfThePoolEndScriptsToo) {
    script("simple.php", "burn(20); echo 'never';");
    site().pool().set("php_value[max_execution_time]", "1");
    site().start();
    const std::string before = worker();
    expect_ended(site().get("/simple.php"));
    expect_ended(site().get("/simple.php"));
    EXPECT_EQ(worker(), before);
}

TEST_F(TimeLimits, EndShutdownFunctionsAndDestructors) {
    script("shutdown.php",
           "register_shutdown_function(function () { echo ' shutting'; burn(20); echo 'never'; }); "
           "set_time_limit(1); echo 'done';");
    script("destructor.php",
           "class Slow { function __destruct() { echo ' destructing'; burn(20); echo 'never'; } } "
           "$slow = new Slow; set_time_limit(1); echo 'done';");
    script("again.php",
           "register_shutdown_function(function () { set_time_limit(1); burn(20); note('never'); }); "
           "set_time_limit(1); burn(20);");
    site().start();
    const std::string before = worker();
    const Answer shutdown = site().get("/shutdown.php");
    EXPECT_EQ(shutdown.body(), "done shutting") << shutdown;
    EXPECT_THAT(shutdown.errors, HasSubstr(kExceeded));
    const Answer destructor = site().get("/destructor.php");
    EXPECT_EQ(destructor.body(), "done destructing") << destructor;
    EXPECT_THAT(destructor.errors, HasSubstr(kExceeded));
    expect_ended(site().get("/again.php"));
    EXPECT_EQ(notes_->text(), "");
    EXPECT_EQ(worker(), before);
}

TEST_F(TimeLimits, DoNotCountTimeAsleep) {
    script("asleep.php", "set_time_limit(1); usleep(1300000); echo 'done';");
    site().start();
    EXPECT_EQ(site().get("/asleep.php").body(), "done");
}

TEST_F(TimeLimits, HoldForAFinishedRequestToo) {
    script("finished.php",
           "set_time_limit(1); echo 'done'; fastcgi_finish_request(); burn(20); note('never');");
    site().pool().set("catch_workers_output", "yes");
    site().start();
    const std::string before = worker();
    EXPECT_EQ(site().get("/finished.php").body(), "done");
    EXPECT_EQ(worker(), before);
    EXPECT_TRUE(site().daemon().wait_for_log(kExceeded)) << site().daemon().log();
    EXPECT_EQ(notes_->text(), "");
}

/// Every kind comes before and after every kind: neither may what is left of a timer strike in the next
/// request, nor may the next timer fail to.
TEST_F(TimeLimits, DoNotReachIntoTheNextRequest) {
    site().start();
    const std::string before = worker();
    for (const char* target : {"/loop.php", "/loop.php", "/within.php", "/within.php", "/unlimited.php",
                               "/unlimited.php", "/within.php", "/loop.php", "/unlimited.php", "/loop.php"}) {
        SCOPED_TRACE(target);
        const Answer answer = site().get(target);
        if (std::string_view(target) == "/loop.php") {
            expect_ended(answer);
        } else {
            EXPECT_EQ(answer.body(), "done") << answer;
        }
    }
    EXPECT_EQ(worker(), before);
}

/// Where PHP does not come to look at its limit, the engine ends the process after hard_timeout more seconds.
TEST_F(TimeLimits, EndAWorkerThatDoesNotHeedThem) {
    script("deaf.php",
           "set_time_limit(1); echo 'begun'; flush(); echo 'never'; "
           "hash_pbkdf2('sha256', 'x', 'y', 1000000000);");
    site().pool().set("php_admin_value[hard_timeout]", "1").set("catch_workers_output", "yes");
    site().start();
    const std::string before = worker();
    const Answer answer = site().get("/deaf.php");
    EXPECT_TRUE(answer.closed) << answer;
    EXPECT_EQ(answer.body(), "begun") << answer;
    const std::string after = worker();
    EXPECT_NE(after, before);
    for (const std::string& line :
         {"child " + before +
              " said into stderr: \"Fatal error: Maximum execution time of 1+1 seconds exceeded "
              "(terminated) in ",
          "WARNING: [pool www] child " + before + " exited with code 124 after ",
          "NOTICE: [pool www] child " + after + " started"}) {
        EXPECT_TRUE(site().daemon().wait_for_log(line)) << line << "\n" << site().daemon().log();
    }
    expect_ended(site().get("/loop.php"));
    EXPECT_EQ(site().get("/within.php").body(), "done");
    EXPECT_EQ(worker(), after);
}

}  // namespace
}  // namespace phalanx::harness

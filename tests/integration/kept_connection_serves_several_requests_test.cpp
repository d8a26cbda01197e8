#include <set>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class KeptConnection : public SiteTest {
  protected:
    Answer over(FastCgiClient& client, const std::string& target) {
        return client.exchange(site().request(target).keep_connection());
    }
};

TEST_F(KeptConnection, ServesSeveralRequests) {
    site().script("echo.php", "<?php echo $_GET['n'];");
    site().start();
    FastCgiClient client(site().address());
    for (int n = 0; n < 20; ++n) {
        const Answer answer = over(client, "/echo.php?n=" + std::to_string(n));
        ASSERT_EQ(answer.status(), 200) << n << answer;
        EXPECT_EQ(answer.body(), std::to_string(n));
    }
}

TEST_F(KeptConnection, TwoRequestsSentAtOnceAreAnsweredInOrder) {
    site().script("echo.php", "<?php echo $_GET['n'];");
    site().start();
    FastCgiClient client(site().address());
    const std::string both = encode(site().request("/echo.php?n=1").keep_connection()) +
                             encode(site().request("/echo.php?n=2").keep_connection());
    ASSERT_TRUE(client.send(both));
    EXPECT_EQ(client.read_answer().body(), "1");
    EXPECT_EQ(client.read_answer().body(), "2");
}

TEST_F(KeptConnection, DoesNotHoldTheOnlyWorkerWhileItIsIdle) {
    SKIP_UNLESS_PHALANX("an idle kept connection holds its worker");
    site().script("hello.php", "<?php echo 'hello';");
    site().pool().set("pm.max_children", "1");
    site().start();
    FastCgiClient idle(site().address());
    ASSERT_EQ(over(idle, "/hello.php").body(), "hello");
    EXPECT_EQ(site().get("/hello.php").body(), "hello") << "a second client waits for the first";
    FastCgiClient another(site().address());
    EXPECT_EQ(over(another, "/hello.php").body(), "hello");
    EXPECT_EQ(over(idle, "/hello.php").body(), "hello") << "the kept connection is forgotten";
}

TEST_F(KeptConnection, OutlivesTheWorkersThatServeIt) {
    SKIP_UNLESS_PHALANX("a worker that leaves closes its connection");
    site().script("pid.php", "<?php echo getmypid();");
    site().pool().set("pm.max_children", "1").set("pm.max_requests", "2");
    site().start();
    FastCgiClient client(site().address());
    std::set<std::string> workers;
    for (int n = 0; n < 6; ++n) {
        const Answer answer = over(client, "/pid.php");
        ASSERT_EQ(answer.status(), 200) << n << answer;
        workers.insert(answer.body());
    }
    EXPECT_EQ(workers.size(), 3U);
}

TEST_F(KeptConnection, IsClosedWhereItWasNotAskedFor) {
    site().script("hello.php", "<?php echo 'hello';");
    site().start();
    FastCgiClient client(site().address());
    ASSERT_EQ(client.exchange(site().request("/hello.php")).body(), "hello");
    EXPECT_TRUE(client.wait_until_closed());
}

}  // namespace
}  // namespace phalanx::harness

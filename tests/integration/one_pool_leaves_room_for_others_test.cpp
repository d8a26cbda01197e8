#include <sys/resource.h>

#include <memory>

#include "harness/site.hpp"
#include "line_status.hpp"
#include "running_script.hpp"

namespace phalanx::harness {
namespace {

/// A pool that is flooded, and its neighbour.
class Neighbour : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("its pools share nothing but processors");
        site().add_pool("other");
        site().script("hello.php", "<?php echo 'hello';");
        site().script("busy.php", script_that_takes(20));
    }

    void connect(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            clients_.push_back(std::make_unique<FastCgiClient>(site().address()));
    }

    /// The sanitizer of a build that has one takes two descriptors itself, the first time it meets an
    /// object's type at a place: not when there are none.
    void have_it_happen_to(const std::string& pool) {
        std::vector<std::unique_ptr<FastCgiClient>> silent;
        for (int i = 0; i < 10; ++i) silent.push_back(std::make_unique<FastCgiClient>(site().address(pool)));
        EXPECT_TRUE(site().daemon().wait_for_log("[pool " + pool + "] no connections are accepted for now"));
        for (const auto& client : silent) ASSERT_TRUE(client->wait_until_closed());
        EXPECT_TRUE(site().daemon().wait_for_log("[pool " + pool + "] connections are accepted again"));
        for (const char* served : {"www", "other"})
            EXPECT_EQ(site().get("/hello.php", served).body(), "hello");
    }

    std::vector<std::unique_ptr<FastCgiClient>> clients_;
};

TEST_F(Neighbour, FindsDescriptorsWhenAPoolWantsThemAll) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    site().pool().set("request_header_timeout", "2");
    site().add_pool("third").set("request_header_timeout", "1").set("queue.max_connections", "2");
    site().launch();
    ASSERT_TRUE(site().daemon().wait_until_ready());
    have_it_happen_to("third");
    const rlimit few{200, 200};
    ASSERT_EQ(::prlimit(site().daemon().pid(), RLIMIT_NOFILE, &few, nullptr), 0);
    connect(400);
    EXPECT_TRUE(
        site().daemon().wait_for_log("[pool www] no connections are accepted for now: no descriptor"));
    // It may take until the first silent ones have had their time.
    EXPECT_EQ(site().get("/hello.php", "other").body(), "hello");
    for (const auto& client : clients_) ASSERT_TRUE(client->wait_until_closed()) << site().daemon().log();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
    EXPECT_TRUE(site().daemon().wait_for_log("[pool www] connections are accepted again"));
    EXPECT_EQ(site().daemon().log().find("broke the rules"), std::string::npos) << site().daemon().log();
}

TEST_F(Neighbour, KeepsItsShareOfTheConnections) {
    site().pool().set("queue.max_connections", "20").set("request_header_timeout", "2");
    site().start();
    connect(60);
    EXPECT_TRUE(site().daemon().wait_for_log(
        "[pool www] no connections are accepted for now: the pool holds as many as it may"));
    EXPECT_EQ(site().get("/hello.php", "other").body(), "hello");
    for (const auto& client : clients_) ASSERT_TRUE(client->wait_until_closed());
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
    EXPECT_TRUE(site().daemon().wait_for_log("[pool www] connections are accepted again"));
    const std::string log = site().daemon().log();
    const std::size_t said = log.find("no connections are accepted for now");
    EXPECT_EQ(log.find("no connections are accepted for now", said + 1), std::string::npos) << log;
}

}  // namespace
}  // namespace phalanx::harness

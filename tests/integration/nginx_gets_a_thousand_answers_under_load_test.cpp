#include <atomic>
#include <mutex>
#include <thread>

#include "harness/http_client.hpp"
#include "harness/nginx.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr int kClients = 50;
constexpr int kRequestsPerClient = 20;

class BehindNginx : public SiteTest, public testing::WithParamInterface<UpstreamUse> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
        site().script("echo.php", "<?php echo 'query ', $_SERVER['QUERY_STRING'];");
        site().script("post.php", "<?php echo strlen(file_get_contents('php://input'));");
        site().start();
        nginx_ = std::make_unique<Nginx>(site().address(), site().root(), GetParam());
    }

    std::unique_ptr<Nginx> nginx_;
};

TEST_P(BehindNginx, AThousandRequestsAreAnsweredFiftyAtATime) {
    if (GetParam() == UpstreamUse::Kept) SKIP_UNLESS_PHALANX("idle kept connections hold both workers");
    std::atomic<int> right = 0;
    std::mutex guard;
    std::string first_wrong;
    const auto one_client = [&](int number) {
        HttpClient client(nginx_->address());
        for (int i = 0; i < kRequestsPerClient; ++i) {
            const std::string query = std::to_string(number) + "-" + std::to_string(i);
            const HttpAnswer answer = client.get("/echo.php?" + query, number % 2 == 0);
            const bool is_right = answer.status == 200 && answer.body == "query " + query;
            right += is_right ? 1 : 0;
            const std::lock_guard lock(guard);
            if (!is_right && first_wrong.empty())
                first_wrong = query + ": " + answer.head + "\n" + answer.body;
        }
    };
    std::vector<std::thread> clients;
    for (int i = 0; i < kClients; ++i) clients.emplace_back(one_client, i);
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(right, kClients * kRequestsPerClient) << first_wrong << nginx_->error_log();
    EXPECT_EQ(nginx_->error_log(), "");
    EXPECT_EQ(site().daemon().log().find("WARNING"), std::string::npos) << site().daemon().log();
}

TEST_P(BehindNginx, UploadsAndMissingScriptsPass) {
    HttpClient client(nginx_->address());
    EXPECT_EQ(client.post("/post.php", std::string(1 << 20, 'x')).body, "1048576");
    const HttpAnswer missing = client.get("/missing.php");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.body, "File not found.\n");
}

INSTANTIATE_TEST_SUITE_P(With, BehindNginx, testing::Values(UpstreamUse::Short, UpstreamUse::Kept),
                         [](const auto& each) {
                             return std::string(each.param == UpstreamUse::Short ? "ShortConnections"
                                                                                 : "KeptConnections");
                         });

}  // namespace
}  // namespace phalanx::harness

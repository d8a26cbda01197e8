#include <memory>
#include <mutex>
#include <thread>

#include "harness/http_client.hpp"
#include "harness/latencies.hpp"
#include "harness/nginx.hpp"
#include "harness/site.hpp"
#include "line_status.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kClients = 256;
/// What nginx keeps (harness/nginx.cpp).
constexpr std::int64_t kMostKept = 64;
constexpr milliseconds kDuration{2'000};
/// What kept connections may cost the slowest requests, on a machine that is busy with everything else too.
constexpr int kTimes = 3;
constexpr milliseconds kMore{100};

/// What many HTTP clients have seen that ask again and again.
struct Seen {
    Latencies latencies;
    std::uint64_t wrong = 0;
    std::string first_wrong;
    [[nodiscard]] milliseconds p99() const {
        return std::chrono::duration_cast<milliseconds>(latencies.quantile(0.99));
    }
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << seen.latencies.count() << " answers, " << seen.wrong << " of them wrong; median "
               << seen.latencies.quantile(0.5).count() << " us, p99 " << seen.latencies.quantile(0.99).count()
               << " us, longest " << seen.latencies.longest().count() << " us";
}

class NginxThatKeepsConnections : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
        SKIP_UNLESS_PHALANX("kept connections hold all workers");
        site().pool().set("pm.max_children", std::to_string(kWorkers)).set("pm.status_path", "/status");
        site().script("echo.php", "<?php echo $_SERVER['QUERY_STRING'];");
        site().start();
    }
    Seen ask_through_nginx(UpstreamUse use) {
        nginx_ = std::make_unique<Nginx>(site().address(), site().root(), use);
        Seen seen;
        std::mutex guard;
        const auto end = Clock::now() + kDuration;
        const auto one_client = [&](std::size_t number) {
            HttpClient client(nginx_->address());
            for (int i = 0; Clock::now() < end; ++i) {
                const std::string query = std::to_string(number) + "-" + std::to_string(i);
                const auto begin = Clock::now();
                const HttpAnswer answer = client.get("/echo.php?" + query, /*keep=*/true);
                const auto time = std::chrono::duration_cast<Latencies::Microseconds>(Clock::now() - begin);
                const std::lock_guard lock(guard);
                seen.latencies.add(time);
                if (answer.status == 200 && answer.body == query) continue;
                if (seen.wrong++ == 0) seen.first_wrong = query + ": " + answer.head + "\n" + answer.body;
            }
        };
        std::vector<std::thread> clients;
        for (std::size_t i = 0; i < kClients; ++i) clients.emplace_back(one_client, i);
        for (std::thread& client : clients) client.join();
        EXPECT_EQ(seen.wrong, 0u) << seen.first_wrong;
        EXPECT_GE(seen.latencies.count(), kClients);
        EXPECT_EQ(nginx_->error_log(), "");
        return seen;
    }

    std::unique_ptr<Nginx> nginx_;
};

TEST_F(NginxThatKeepsConnections, WaitsNoLongerThanOneThatMakesNewOnes) {
    const Seen brief = ask_through_nginx(UpstreamUse::Short);
    const Seen kept = ask_through_nginx(UpstreamUse::Kept);
    std::cout << "short: " << brief << "\nkept: " << kept << '\n';
    EXPECT_LE(kept.p99(), kTimes * brief.p99() + kMore) << "short: " << brief << "; kept: " << kept;
    const auto idle = [&] { return line_status(site(), "idle kept-alive"); };
    EXPECT_TRUE(eventually(kPatience, [&] { return idle() > 0; })) << "it kept none";
    EXPECT_LE(idle(), kMostKept);
    EXPECT_EQ(site().daemon().log().find("WARNING"), std::string::npos) << site().daemon().log();
}

}  // namespace
}  // namespace phalanx::harness

#include <iostream>
#include <thread>
#include <utility>

#include "bad_bytes.hpp"
#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr std::uint32_t kSeed = 20'260'101;
constexpr int kMutated = 2'000;
constexpr int kBlobs = 500;
/// How soon a good request is answered afterwards.
constexpr milliseconds kAtOnce{5'000};

class BadBytesOf : public SiteTest, public testing::WithParamInterface<const char*> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        if (GetParam() == std::string("tcp")) {
            site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
        }
        // So that a sanitizer's report of a worker's is in the log.
        site().pool().set("catch_workers_output", "yes");
        site().script("length.php", "<?php echo strlen(file_get_contents('php://input'));");
        site().start();
    }

    std::vector<std::string> good_requests() {
        const std::string values = record(RecordType::GetValues, 0, name_value("FCGI_MPXS_CONNS", ""), 3);
        Request get = site().request("/length.php?a=b");
        Request post = site().request("/length.php", "POST");
        post.with_body(std::string(3'000, 'x'));
        const std::string kept = encode(Request(get).keep_connection());
        return {encode(get),
                encode(get, {.params = 60, .padding = 5}),
                encode(post),
                encode(post, {.params = 200, .body = 700, .padding = 3}),
                kept + encode(Request(post).keep_connection()) + encode(get),
                values + encode(get)};
    }

    /// Ends the connection in one of three ways: at once, after the server has, or after the next one. A
    /// client that has said its last word must be let go, whatever that word was.
    void send(const std::string& bytes, std::size_t way) {
        FastCgiClient client(site().address());
        ASSERT_TRUE(client.connected());
        (void)client.send(bytes);
        if (way == 0) {
            client.finish_sending();
            ASSERT_TRUE(client.wait_until_closed());
        }
        still_open_.reset();
        if (way == 1) still_open_.emplace(std::move(client));
    }

    struct Shape {
        std::vector<pid_t> workers, templates;
        std::vector<std::optional<std::size_t>> descriptors;  ///< of the master, then of each worker
        bool operator==(const Shape&) const = default;
    };
    Shape shape() {
        Shape now{site().daemon().workers(), site().daemon().templates(), {}};
        now.descriptors.push_back(open_descriptors(site().daemon().pid()));
        for (const pid_t worker : now.workers) now.descriptors.push_back(open_descriptors(worker));
        return now;
    }

    void expect_good_answer() {
        Request request = site().request("/length.php", "POST");
        const auto begin = Clock::now();
        FastCgiClient client(site().address());
        const Answer answer = client.exchange(request.with_body("hello"));
        EXPECT_LT(Clock::now() - begin, kAtOnce);
        EXPECT_EQ(answer.body(), "5") << answer;
        EXPECT_TRUE(client.wait_until_closed());
    }

    std::optional<FastCgiClient> still_open_;
};

TEST_P(BadBytesOf, MutatedAndRandomRequestsLoseNoWorker) {
    std::cout << "seed " << kSeed << "\n";
    BadBytes bad(kSeed);
    const std::vector<std::string> good = good_requests();
    ASSERT_TRUE(eventually(kPatience, [this] { return site().daemon().workers().size() == 2; }));
    for (int i = 0; i < 20; ++i) send(good[static_cast<std::size_t>(i) % good.size()], /*way=*/0);
    expect_good_answer();
    // Once nothing of these is still on its way.
    Shape before = shape();
    ASSERT_TRUE(eventually(kPatience, [&] {
        std::this_thread::sleep_for(milliseconds(100));
        const Shape former = std::exchange(before, shape());
        return former == before;
    }));

    for (int i = 0; i < kMutated + kBlobs; ++i) {
        SCOPED_TRACE("number " + std::to_string(i) + " of seed " + std::to_string(kSeed));
        send(i < kMutated ? bad.mutated(good) : bad.blob(), bad.below(3));
        ASSERT_FALSE(HasFatalFailure());
    }
    still_open_.reset();

    expect_good_answer();
    EXPECT_TRUE(site().daemon().running());
    EXPECT_TRUE(eventually(kPatience, [&] { return shape() == before; }))
        << "workers " << testing::PrintToString(shape().workers) << " for "
        << testing::PrintToString(before.workers) << ", descriptors "
        << testing::PrintToString(shape().descriptors) << " for "
        << testing::PrintToString(before.descriptors);
    const std::string log = site().daemon().log();
    for (const char* report : {"Sanitizer", "runtime error", "broke the rules", "broken invariant"}) {
        EXPECT_EQ(log.find(report), std::string::npos) << report << "\n" << log;
    }
}

INSTANTIATE_TEST_SUITE_P(Over, BadBytesOf, testing::Values("unix", "tcp"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace phalanx::harness

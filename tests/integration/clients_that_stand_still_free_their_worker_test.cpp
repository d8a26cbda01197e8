#include <memory>
#include <vector>

#include "count_of.hpp"
#include "harness/site.hpp"
#include "log_sums.hpp"
#include "notes.hpp"

namespace phalanx::harness {
namespace {

constexpr milliseconds kInTime{10'000};
/// Of a client that goes on slowly.
constexpr milliseconds kPace{300};
constexpr std::size_t kAnswerBytes = 20 << 20;

/// Clients of a pool with one worker that stop in the middle of their body or of their answer.
class ClientThatStandsStill : public SiteTest, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("it is waited for");
        notes_.emplace(site());
        const std::string tell_end =
            notes_->php() +
            "register_shutdown_function(function () { note('end ' . connection_status()); }); ";
        if (GetParam())
            site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
        site().script("form.php", tell_end + "echo json_encode($_POST);");
        site().script("raw.php", tell_end + "echo strlen(file_get_contents('php://input'));");
        site().script("large.php", tell_end + "echo str_repeat('x', " + std::to_string(kAnswerBytes) + ");");
        site().script("hello.php", "<?php echo 'hello';");
        site().pool().set("pm.max_children", "1");
    }
    /// Both limits.
    void start_with(const char* seconds) {
        site().pool().set("request_body_timeout", seconds).set("response_write_timeout", seconds);
        site().start();
    }
    Request post(std::string_view script) {
        Request request = site().request(script, "POST");
        return request.with_body("a=1&b=2&c=3&d=4", "application/x-www-form-urlencoded");
    }
    void expect_served() {
        const auto begin = Clock::now();
        EXPECT_EQ(site().get("/hello.php").body(), "hello");
        EXPECT_LT(Clock::now() - begin, kInTime);
    }
    /// With this text once, about this client.
    void expect_log(const std::string& text) {
        EXPECT_TRUE(site().daemon().wait_for_log(text));
        const std::string log = site().daemon().log();
        EXPECT_EQ(count_of(log, text), 1U) << log;
        EXPECT_EQ(count_of(log, client_in_log()), 1U) << log;
    }
    [[nodiscard]] static std::string client_in_log() {
        return "NOTICE: [pool www] client " +
               (GetParam() ? "127.0.0.1:" : "pid " + std::to_string(::getpid()) + " (uid ");
    }
    void expect_no_complaint() { EXPECT_EQ(count_of(site().daemon().log(), "client "), 0U); }

    std::optional<Notes> notes_;
};

TEST_P(ClientThatStandsStill, InAFormEndsInTime) {
    start_with("1");
    const std::string bytes = encode(post("/form.php"));
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(bytes.substr(0, bytes.size() - 12)));
    const auto stopped = Clock::now();
    const Answer answer = client.read_answer(kInTime);
    EXPECT_EQ(answer.status(), 400) << answer;
    EXPECT_GE(Clock::now() - stopped, milliseconds(900));
    expect_served();
    expect_log(R"( has sent nothing of the body of "POST /form.php" for 1 s (request_body_timeout))");
    EXPECT_EQ(notes_->text(), "") << "the script ran with half a form";
}

TEST_P(ClientThatStandsStill, InABodyThatTheScriptReadsEndsInTime) {
    start_with("1");
    const std::string bytes = encode(post("/raw.php").set("REQUEST_METHOD", "PUT"));
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(bytes.substr(0, bytes.size() - 12)));
    expect_served();
    expect_log(R"( has sent nothing of the body of "PUT /raw.php" for 1 s (request_body_timeout))");
    EXPECT_EQ(notes_->text(), "end 1\n") << "as when its client leaves";
}

TEST_P(ClientThatStandsStill, InItsAnswerEndsInTime) {
    start_with("1");
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(site().request("/large.php?some=thing")));
    for (int i = 0; i < 160; ++i) ASSERT_TRUE(client.read_record()) << i;
    expect_served();
    expect_log(
        R"( has taken nothing of the answer to "GET /large.php?some=thing" for 1 s (response_write_timeout))");
    EXPECT_EQ(notes_->text(), "end 1\n") << "as when its client leaves";
    const Answer rest = client.read_answer(kInTime);
    EXPECT_FALSE(rest.complete() || rest.timed_out) << "a part must not pass for the whole";
}

TEST_P(ClientThatStandsStill, OverAKeptConnectionLosesIt) {
    start_with("1");
    FastCgiClient client(site().address());
    EXPECT_EQ(client.exchange(site().request("/hello.php").keep_connection()).body(), "hello");
    const std::string bytes = encode(post("/form.php").keep_connection());
    ASSERT_TRUE(client.send(bytes.substr(0, bytes.size() - 12)));
    EXPECT_EQ(client.read_answer(kInTime).status(), 400);
    EXPECT_TRUE(client.wait_until_closed(kInTime));
    expect_served();
    expect_log(R"( has sent nothing of the body of "POST /form.php" for 1 s (request_body_timeout))");
}

TEST_P(ClientThatStandsStill, IsNoneThatSendsSlowly) {
    start_with("2");
    const std::string bytes = encode(post("/form.php"));
    const std::size_t at_once = bytes.size() - 20;
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(bytes.substr(0, at_once)));
    for (const char byte : bytes.substr(at_once)) {
        std::this_thread::sleep_for(kPace);
        ASSERT_TRUE(client.send({&byte, 1}));
    }
    EXPECT_EQ(client.read_answer(kInTime).body(), R"({"a":"1","b":"2","c":"3","d":"4"})");
    expect_no_complaint();
}

TEST_P(ClientThatStandsStill, IsNoneThatTakesItsAnswerSlowly) {
    start_with("2");
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(site().request("/large.php")));
    std::string taken;
    for (const auto begin = Clock::now(); Clock::now() - begin < milliseconds(5'000);) {
        std::this_thread::sleep_for(kPace);
        const auto record = client.read_record();
        ASSERT_TRUE(record);
        taken += record->content;
    }
    const Answer rest = client.read_answer();
    EXPECT_TRUE(rest.complete()) << rest;
    taken += rest.output;
    EXPECT_EQ(taken.size() - taken.find("\r\n\r\n") - 4, kAnswerBytes);
    EXPECT_EQ(notes_->text(), "end 0\n");
    expect_no_complaint();
}

/// The first ones are named, the others counted; nobody is missing.
TEST_P(ClientThatStandsStill, IsOneOfManyThatDoNotFloodTheLog) {
    constexpr std::size_t clients = 100;
    constexpr std::size_t most_lines_at_once = 10;
    site().pool().set("pm.max_children", "20");
    start_with("1");
    const std::string bytes = encode(post("/form.php"));
    std::vector<std::unique_ptr<FastCgiClient>> slow;
    for (std::size_t i = 0; i < clients; ++i) {
        slow.push_back(std::make_unique<FastCgiClient>(site().address()));
        ASSERT_TRUE(slow.back()->send(bytes.substr(0, bytes.size() - 12)));
    }
    const auto begun = Clock::now();
    for (const auto& client : slow) EXPECT_EQ(client->read_answer().status(), 400);
    const auto spans = static_cast<std::size_t>((Clock::now() - begun) / std::chrono::seconds(10)) + 2;
    const auto named = [&] { return count_of(site().daemon().log(), client_in_log()); };
    EXPECT_TRUE(eventually(kPatience, [&] {
        return named() + sum_in_log(site().daemon().log(), " more client(s) have sent nothing of a body") ==
               clients;
    })) << site().daemon().log();
    EXPECT_GE(named(), most_lines_at_once);
    EXPECT_LE(named(), most_lines_at_once * spans) << site().daemon().log();
}

INSTANTIATE_TEST_SUITE_P(Over, ClientThatStandsStill, testing::Values(false, true),
                         [](const auto& each) { return std::string(each.param ? "Tcp" : "UnixSocket"); });

}  // namespace
}  // namespace phalanx::harness

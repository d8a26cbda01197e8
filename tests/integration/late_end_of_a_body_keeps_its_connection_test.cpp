#include "harness/site.hpp"
#include "line_status.hpp"

namespace phalanx::harness {
namespace {

/// The empty record that ends a body, sent after the answer.
class LateEndOfABody : public SiteTest, public testing::WithParamInterface<bool> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("it has no request_header_timeout");
        if (GetParam())
            site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
        site().pool().set("request_header_timeout", "1").set("pm.status_path", "/status");
        site().script("echo.php", "<?php echo $_POST['n'];");
        site().start();
    }
    /// A request whose body is whole but for its end record.
    static std::string without_end(const Request& request) {
        return encode_head(request) + record(RecordType::Stdin, 1, request.body);
    }
    std::string answer_of(FastCgiClient& client, const std::string& value) {
        Request request = site().request("/echo.php", "POST").keep_connection();
        request.with_body("n=" + value, "application/x-www-form-urlencoded");
        EXPECT_TRUE(client.send(without_end(request)));
        const std::string body = client.read_answer().body();
        std::this_thread::sleep_for(milliseconds(300));
        return body;
    }

    const std::string end_ = record(RecordType::Stdin, 1, {}, 8);
};

TEST_P(LateEndOfABody, LeavesTheConnectionIdleForAsLongAsItLikes) {
    FastCgiClient client(site().address());
    EXPECT_EQ(answer_of(client, "one"), "one");
    ASSERT_TRUE(client.send(end_));
    EXPECT_FALSE(client.wait_until_closed(milliseconds(3'000)));
    EXPECT_EQ(line_status(site(), "parked connections"), 0);
    EXPECT_EQ(answer_of(client, "two"), "two");
    ASSERT_TRUE(client.send(end_));
    EXPECT_EQ(answer_of(client, "three"), "three");
}

TEST_P(LateEndOfABody, MayComeInPieces) {
    FastCgiClient client(site().address());
    EXPECT_EQ(answer_of(client, "one"), "one");
    ASSERT_TRUE(client.send(end_.substr(0, 5)));
    std::this_thread::sleep_for(milliseconds(50));
    ASSERT_TRUE(client.send(end_.substr(5)));
    EXPECT_FALSE(client.wait_until_closed(milliseconds(3'000)));
    EXPECT_EQ(answer_of(client, "two"), "two");
}

TEST_P(LateEndOfABody, IsNoExcuseForAHeadThatDoesNotCome) {
    FastCgiClient client(site().address());
    EXPECT_EQ(answer_of(client, "one"), "one");
    ASSERT_TRUE(client.send(end_ + begin_record(kResponder, 1, kKeepConnection)));
    EXPECT_TRUE(client.wait_until_closed(milliseconds(6'000)));
}

INSTANTIATE_TEST_SUITE_P(Over, LateEndOfABody, testing::Values(false, true),
                         [](const auto& each) { return std::string(each.param ? "Tcp" : "UnixSocket"); });

}  // namespace
}  // namespace phalanx::harness

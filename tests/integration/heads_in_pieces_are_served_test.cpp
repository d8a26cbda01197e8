#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class HeadsInPieces : public SiteTest, public testing::WithParamInterface<const char*> {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        if (GetParam() == std::string("tcp")) {
            site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
        }
        site().script("echo.php",
                      "<?php echo $_SERVER['REQUEST_URI'], ':', file_get_contents('php://input');");
        site().start();
    }
    Request post() {
        Request request = site().request("/echo.php", "POST");
        return request.with_body("some body");
    }
    void expect_echo(const Answer& answer) {
        EXPECT_EQ(answer.status(), 200) << answer;
        EXPECT_EQ(answer.body(), "/echo.php:some body") << answer;
    }
};

TEST_P(HeadsInPieces, ByteByByte) {
    FastCgiClient client(site().address());
    for (const char byte : encode(post())) ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
    expect_echo(client.read_answer());
}

TEST_P(HeadsInPieces, CutAtEveryRecord) {
    FastCgiClient client(site().address());
    std::string bytes = encode(post(), {.params = 40, .body = 1});
    while (const auto next = take_record(bytes)) {
        ASSERT_TRUE(client.send(record(next->type, next->id, next->content, next->content.empty() ? 0 : 3)));
    }
    expect_echo(client.read_answer());
}

TEST_P(HeadsInPieces, AHalfHeadThatIsCompletedLater) {
    FastCgiClient client(site().address());
    const std::string bytes = encode(post());
    ASSERT_TRUE(client.send(bytes.substr(0, 100)));
    EXPECT_FALSE(client.read_record(kWatch)) << "nothing can be answered yet";
    ASSERT_TRUE(client.send(bytes.substr(100)));
    expect_echo(client.read_answer());
}

TEST_P(HeadsInPieces, ABodyThatComesAfterTheScriptBegan) {
    FastCgiClient client(site().address());
    const Request request = post();
    ASSERT_TRUE(client.send(encode_head(request)));
    EXPECT_FALSE(client.read_record(kWatch));
    ASSERT_TRUE(client.send(encode_body(request)));
    expect_echo(client.read_answer());
}

TEST_P(HeadsInPieces, AClientThatLeavesInTheMiddleHarmsNobody) {
    const std::string bytes = encode(post());
    for (const std::size_t length :
         {std::size_t{1}, std::size_t{8}, std::size_t{20}, bytes.size() / 2, bytes.size()}) {
        FastCgiClient client(site().address());
        ASSERT_TRUE(client.send(bytes.substr(0, length)));
        client.close();
        expect_echo(ask(site().address(), post()));
    }
}

INSTANTIATE_TEST_SUITE_P(Over, HeadsInPieces, testing::Values("unix", "tcp"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace phalanx::harness

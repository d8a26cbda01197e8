#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

constexpr std::size_t kUpload = 1 << 20;
constexpr std::size_t kDownload = 10 << 20;

/// No two neighbouring stretches are alike, so that a lost or doubled piece shows.
std::string pattern(std::size_t size) {
    std::string text;
    for (std::size_t line = 0; text.size() < size; ++line) text += "line " + std::to_string(line) + "\n";
    text.resize(size);
    return text;
}

class LargeBodies : public SiteTest {
  protected:
    void start_with_echo() {
        site().script("echo.php", "<?php echo file_get_contents('php://input');");
        site().start();
    }
    Request upload() {
        Request request = site().request("/echo.php", "POST");
        return request.with_body(pattern(kUpload));
    }
};

TEST_F(LargeBodies, AMegabyteUpComesBackUnchanged) {
    start_with_echo();
    const Answer answer = ask(site().address(), upload());
    EXPECT_EQ(answer.status(), 200) << answer;
    EXPECT_TRUE(answer.body() == pattern(kUpload)) << answer;
}

TEST_F(LargeBodies, SoItDoesInSmallRecordsOverTcp) {
    site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
    start_with_echo();
    const Answer answer = ask(site().address(), upload(), {.params = 64, .body = 1000, .padding = 5});
    EXPECT_TRUE(answer.body() == pattern(kUpload)) << answer;
}

TEST_F(LargeBodies, AnUploadThatTheScriptIgnoresDoesNoHarm) {
    site().script("ignore.php", "<?php echo 'ignored';");
    start_with_echo();
    FastCgiClient client(site().address());
    for (int round = 0; round < 3; ++round) {
        Request request = site().request("/ignore.php", "POST");
        const Answer answer = client.exchange(request.with_body(pattern(kUpload)).keep_connection());
        ASSERT_EQ(answer.body(), "ignored") << "round " << round << answer;
    }
}

TEST_F(LargeBodies, TenMegabytesDown) {
    site().script("large.php",
                  "<?php for ($i = 0, $left = " + std::to_string(kDownload) +
                      "; $left > 0; ++$i) { $line = substr(\"line $i\\n\", 0, $left); echo $line; "
                      "$left -= strlen($line); }");
    site().start();
    const Answer answer = site().get("/large.php");
    EXPECT_TRUE(answer.complete()) << answer;
    EXPECT_TRUE(answer.body() == pattern(kDownload)) << answer;
}

TEST_F(LargeBodies, OneStringOfTenMegabytes) {
    site().script("string.php", "<?php echo str_repeat('0123456789', 1048576);");
    site().start();
    const std::string body = site().get("/string.php").body();
    EXPECT_EQ(body.size(), kDownload);
    EXPECT_EQ(body.find_first_not_of("0123456789"), std::string::npos);
}

}  // namespace
}  // namespace phalanx::harness

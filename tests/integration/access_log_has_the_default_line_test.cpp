#include "harness/pattern.hpp"
#include "harness/site.hpp"
#include "notes.hpp"

namespace phalanx::harness {
namespace {

class AccessLog : public SiteTest {
  protected:
    void expect_lines(const std::string& pattern) {
        const auto matches = [&] { return Pattern(pattern).matches(read_file(path())); };
        EXPECT_TRUE(eventually(kPatience, matches)) << read_file(path());
    }
    std::filesystem::path path() { return site().files() / "access.log"; }
    void start_on(const std::string& listen) {
        site().script("hello.php", "<?php echo 'hello';");
        site().pool().set("listen", listen).set("access.log", path().string());
        site().start();
    }
    static constexpr const char* kTime = "[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}(:[0-9]{2}){3} [+-][0-9]{4}";
};

TEST_F(AccessLog, HasTheDefaultLineOverTcp) {
    start_on(Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
    ASSERT_EQ(site().get("/hello.php?a=b").status(), 200);
    ASSERT_EQ(site().get("/missing.php").status(), 404);
    const std::string begin = std::string("127\\.0\\.0\\.1 -  ") + kTime;
    expect_lines(begin + " \"GET /hello\\.php\" 200\n" + begin + " \"GET /missing\\.php\" 404\n");
}

TEST_F(AccessLog, HasADashForThePeerOverAUnixSocket) {
    start_on(site().address().listen_value());
    Request request = site().request("/hello.php", "POST");
    ASSERT_EQ(ask(site().address(), request.with_body("x")).status(), 200);
    expect_lines(std::string("- -  ") + kTime + " \"POST /hello\\.php\" 200\n");
}

TEST_F(AccessLog, NamesAClientThatHasLeft) {
    const Notes notes(site());
    site().script("finish.php", notes.php() + "fastcgi_finish_request(); await('client is gone');");
    start_on(Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
    {
        FastCgiClient client(site().address());
        EXPECT_TRUE(client.exchange(site().request("/finish.php")).complete());
        EXPECT_TRUE(client.wait_until_closed());
    }
    notes.allow("client is gone");
    expect_lines(std::string("127\\.0\\.0\\.1 -  ") + kTime + " \"GET /finish\\.php\" 200\n");
}

}  // namespace
}  // namespace phalanx::harness

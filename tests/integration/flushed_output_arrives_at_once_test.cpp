#include "harness/http_stream.hpp"
#include "harness/nginx.hpp"
#include "harness/site.hpp"
#include "notes.hpp"

namespace phalanx::harness {
namespace {

constexpr int kLines = 5;

/// The script says the next line only when the test has seen the last one: a line that is held back anywhere
/// never comes.
class FlushedOutput : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        notes_.emplace(site());
        const std::string begin =
            notes_->php() + "for ($i = 1; $i <= " + std::to_string(kLines) + "; ++$i) { ";
        site().script("flush.php", begin + "echo \"line $i\\n\"; flush(); await($i); } note('end');");
        site().script("implicit.php", notes_->php() + "ob_implicit_flush(); " +
                                          begin.substr(notes_->php().size()) +
                                          "echo \"line $i\\n\"; await($i); } note('end');");
        site().script("buffer.php", begin +
                                        "ob_start(); echo \"line $i\\n\"; ob_end_flush(); flush(); "
                                        "await($i); } note('end');");
    }
    void expect_line_by_line_from(const char* target) {
        FastCgiClient client(site().address());
        client.send(site().request(target));
        std::string expected;
        for (int line = 1; line <= kLines; ++line) {
            const auto next = client.read_record();
            ASSERT_TRUE(next) << "line " << line << " is held back";
            const std::size_t head_end = line == 1 ? next->content.find("\r\n\r\n") + 4 : 0;
            EXPECT_EQ(next->content.substr(head_end), "line " + std::to_string(line) + "\n");
            EXPECT_EQ(notes_->text(), "");
            notes_->allow(std::to_string(line));
        }
        const Answer rest = client.read_answer();
        EXPECT_TRUE(rest.complete()) << rest;
        EXPECT_EQ(rest.output, "");
        EXPECT_EQ(notes_->text(), "end\n");
    }
    void expect_line_by_line_through(const Nginx& nginx) {
        HttpStream stream(nginx.address(), "/flush.php");
        for (int line = 1; line <= kLines; ++line) {
            ASSERT_TRUE(stream.wait_for_end("line " + std::to_string(line) + "\n")) << stream.received();
            EXPECT_EQ(notes_->text(), "");
            notes_->allow(std::to_string(line));
        }
        EXPECT_TRUE(stream.wait_until_closed());
        EXPECT_EQ(notes_->text(), "end\n");
    }

    std::optional<Notes> notes_;
};

TEST_F(FlushedOutput, ArrivesAtOnce) {
    site().start();
    expect_line_by_line_from("/flush.php");
}

TEST_F(FlushedOutput, ArrivesAtOnceOverTcp) {
    site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
    site().start();
    expect_line_by_line_from("/flush.php");
}

TEST_F(FlushedOutput, NeedsNoFlushWhereItIsImplicit) {
    site().start();
    expect_line_by_line_from("/implicit.php");
}

TEST_F(FlushedOutput, MayComeFromAnOutputBuffer) {
    site().start();
    expect_line_by_line_from("/buffer.php");
}

class FlushedOutputBehindNginx : public FlushedOutput, public testing::WithParamInterface<UpstreamUse> {};

TEST_P(FlushedOutputBehindNginx, ArrivesAtOnce) {
    if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    site().start();
    const Nginx nginx(site().address(), site().root(), GetParam(), "fastcgi_buffering off;\n");
    expect_line_by_line_through(nginx);
}

INSTANTIATE_TEST_SUITE_P(With, FlushedOutputBehindNginx,
                         testing::Values(UpstreamUse::Short, UpstreamUse::Kept), [](const auto& each) {
                             return std::string(each.param == UpstreamUse::Short ? "ShortConnections"
                                                                                 : "KeptConnections");
                         });

}  // namespace
}  // namespace phalanx::harness

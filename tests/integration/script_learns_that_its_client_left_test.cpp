#include "harness/http_client.hpp"
#include "harness/http_stream.hpp"
#include "harness/nginx.hpp"
#include "harness/site.hpp"
#include "notes.hpp"

namespace phalanx::harness {
namespace {

/// connection_status() and connection_aborted() after the client has left.
constexpr const char* kStopped = "in shutdown 1 1\n";
constexpr const char* kWentOn = "end 1 1\nin shutdown 1 1\n";

class ClientThatLeft : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        notes_.emplace(site());
        // A TCP connection takes a write or two before it says that nobody is there.
        site().script("talk.php",
                      notes_->php() + talk("if (isset($_GET['ignore'])) ignore_user_abort(true); ") +
                          "for ($i = 0; $i < 100 && !connection_aborted(); ++$i) { echo 'x'; flush(); "
                          "usleep(2000); } note_status('end');");
        site().script("silent.php", notes_->php() + talk("") + "note_status('end');");
        site().script("hello.php", "<?php echo 'hello ', getmypid(), ' ', connection_status();");
        site().pool().set("pm.max_children", "1");
    }
    static std::string talk(const std::string& first) {
        return first +
               "function note_status($when) { note(\"$when \" . connection_status() . ' ' . "
               "connection_aborted()); } register_shutdown_function('note_status', 'in shutdown'); "
               "echo getmypid(); flush(); await('gone'); ";
    }
    /// Hangs up when the script has begun; what it noted afterwards must be this.
    void expect_notes_after_leaving(const char* target, const char* notes) {
        FastCgiClient client(site().address());
        client.send(site().request(target));
        const auto first = client.read_record();
        ASSERT_TRUE(first);
        const std::string worker = first->content.substr(first->content.find("\r\n\r\n") + 4);
        client.close();
        notes_->allow("gone");
        EXPECT_TRUE(notes_->wait_for(notes)) << notes_->text();
        EXPECT_EQ(site().get("/hello.php").body(), "hello " + worker + " 0") << "the next one is another's";
    }

    std::optional<Notes> notes_;
};

TEST_F(ClientThatLeft, StopsTheScriptAtItsNextOutput) {
    site().start();
    expect_notes_after_leaving("/talk.php", kStopped);
}

TEST_F(ClientThatLeft, StopsTheScriptOverTcpToo) {
    site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
    site().start();
    expect_notes_after_leaving("/talk.php", kStopped);
}

TEST_F(ClientThatLeft, DoesNotStopAScriptThatIgnoresIt) {
    site().start();
    expect_notes_after_leaving("/talk.php?ignore", kWentOn);
}

TEST_F(ClientThatLeft, DoesNotStopAScriptOverTcpThatIgnoresIt) {
    site().pool().set("listen", Address::tcp("127.0.0.1", free_tcp_port()).listen_value());
    site().start();
    expect_notes_after_leaving("/talk.php?ignore", kWentOn);
}

TEST_F(ClientThatLeft, DoesNotStopScriptsOfAPoolThatIgnoresIt) {
    site().pool().set("php_flag[ignore_user_abort]", "on");
    site().start();
    expect_notes_after_leaving("/talk.php", kWentOn);
}

TEST_F(ClientThatLeft, IsNotMissedByAScriptThatSaysNothing) {
    site().start();
    expect_notes_after_leaving("/silent.php", "end 0 0\nin shutdown 0 0\n");
}

TEST_F(ClientThatLeft, StopsTheScriptBehindNginx) {
    if (!Nginx::installed()) GTEST_SKIP() << "nginx is not installed";
    site().start();
    const Nginx nginx(site().address(), site().root(), UpstreamUse::Short, "fastcgi_buffering off;\n");
    const std::string hello = HttpClient(nginx.address()).get("/hello.php").body;
    const std::string worker = hello.substr(6, hello.find(' ', 6) - 6);
    HttpStream stream(nginx.address(), "/talk.php");
    ASSERT_TRUE(stream.wait_for_end(worker)) << stream.received();
    stream.hang_up();
    notes_->allow("gone");
    EXPECT_TRUE(notes_->wait_for(kStopped)) << notes_->text();
    EXPECT_EQ(HttpClient(nginx.address()).get("/hello.php").body, hello);
}

}  // namespace
}  // namespace phalanx::harness

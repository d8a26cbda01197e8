#include "harness/site.hpp"
#include "notes.hpp"

namespace phalanx::harness {
namespace {

/// fastcgi_finish_request(): the client has its whole answer, the script goes on.
class FinishedRequest : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        notes_.emplace(site());
        site().script("finish.php", notes_->php() +
                                        "echo 'answer'; $done = fastcgi_finish_request(); await('go'); "
                                        "echo 'never seen'; flush(); note('went on ' . connection_status()); "
                                        "register_shutdown_function('note', 'shut down');");
        site().script("hello.php", "<?php echo 'hello';");
    }
    Request finish(bool keep = false) {
        Request request = site().request("/finish.php");
        return keep ? request.keep_connection() : request;
    }
    Request hello() { return site().request("/hello.php").keep_connection(); }
    void expect_whole_answer(const Answer& answer) {
        EXPECT_TRUE(answer.complete()) << answer;
        EXPECT_EQ(answer.body(), "answer");
        EXPECT_EQ(notes_->text(), "") << "the script had ended before";
    }
    void expect_script_goes_on() {
        notes_->allow("go");
        EXPECT_TRUE(notes_->wait_for("went on 0\nshut down\n")) << "noted: " << notes_->text();
    }

    std::optional<Notes> notes_;
};

TEST_F(FinishedRequest, RunsOnWhenItsConnectionIsClosed) {
    SKIP_UNLESS_PHALANX("the script waits for the client to close, and ends where it flushes");
    site().pool().set("pm.max_children", "1");
    site().start();
    FastCgiClient client(site().address());
    expect_whole_answer(client.exchange(finish()));
    EXPECT_TRUE(client.wait_until_closed()) << "a web server waits for this";
    EXPECT_EQ(notes_->text(), "");
    expect_script_goes_on();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

TEST_F(FinishedRequest, RunsOnThoughItsClientHangsUp) {
    SKIP_UNLESS_PHALANX("the script ends where it flushes");
    site().pool().set("pm.max_children", "1");
    site().start();
    FastCgiClient client(site().address());
    expect_whole_answer(client.exchange(finish()));
    client.close();
    expect_script_goes_on();
    EXPECT_EQ(site().get("/hello.php").body(), "hello");
}

TEST_F(FinishedRequest, KeepsItsConnectionForTheNextOne) {
    site().start();
    FastCgiClient client(site().address());
    expect_whole_answer(client.exchange(finish(true)));
    ASSERT_TRUE(client.send(hello()));
    EXPECT_EQ(site().get("/hello.php").body(), "hello") << "another connection, another worker";
    expect_script_goes_on();
    EXPECT_EQ(client.read_answer().body(), "hello");
    EXPECT_EQ(client.exchange(hello()).body(), "hello");
}

TEST_F(FinishedRequest, RunsOnThoughTheNextOneIsAlreadyThere) {
    site().start();
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(encode(finish(true)) + encode(hello())));
    expect_whole_answer(client.read_answer());
    expect_script_goes_on();
    EXPECT_EQ(client.read_answer().body(), "hello");
}

TEST_F(FinishedRequest, RunsOnThoughItsBodyIsStillOnTheWay) {
    site().start();
    FastCgiClient client(site().address());
    Request request = site().request("/finish.php", "PUT");
    const std::string bytes = encode(request.with_body(std::string(100'000, 'b')).keep_connection());
    const std::size_t half = bytes.size() - 50'000;
    ASSERT_TRUE(client.send(std::string_view(bytes).substr(0, half)));
    expect_whole_answer(client.read_answer());
    expect_script_goes_on();
    ASSERT_TRUE(client.send(std::string_view(bytes).substr(half)));
    EXPECT_EQ(client.exchange(hello()).body(), "hello");
}

}  // namespace
}  // namespace phalanx::harness

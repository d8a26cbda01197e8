#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// Bodies that do not hold what CONTENT_LENGTH promises.
class BrokenOffBodies : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        SKIP_UNLESS_PHALANX("the script runs with what has come, once the client has closed");
        std::filesystem::permissions(site().root(), std::filesystem::perms::all);
        site().pool().set("pm.max_children", "1");
        // What the script was given, if it ran.
        site().script("form.php",
                      "<?php file_put_contents(__DIR__ . '/ran.txt', json_encode($_POST)); echo 'ran';");
        site().script("raw.php",
                      "<?php $body = file_get_contents('php://input');"
                      "file_put_contents(__DIR__ . '/ran.txt', $body); echo 'ran';");
        site().script("unread.php", "<?php echo 'answered';");
        site().script("next.php", "<?php echo 'next';");
        site().start();
        // A worker's first request takes longest.
        EXPECT_EQ(site().get("/next.php").body(), "next");
    }

    /// A POST form or a raw PUT with this body, whose CONTENT_LENGTH says otherwise.
    Request with_length(std::string_view script, std::string_view body, const std::string& length) {
        const bool form = script == "/form.php";
        Request request = site().request(script, form ? "POST" : "PUT");
        request.with_body(std::string(body), form ? "application/x-www-form-urlencoded" : "text/plain");
        return request.set("CONTENT_LENGTH", length);
    }
    std::string ran() { return read_file(site().root() / "ran.txt"); }

    /// The worker serves another client, who finds the script's traces if there are any.
    void expect_served_and_untouched() {
        EXPECT_EQ(site().get("/next.php").body(), "next");
        EXPECT_EQ(ran(), "") << "the script ran as if the body were whole";
    }
};

TEST_F(BrokenOffBodies, OfClientsThatLeave) {
    for (const char* script : {"/form.php", "/raw.php"}) {
        for (const std::size_t kept : {0, 1, 7, 8, 9, 11}) {
            const Request request = with_length(script, "a=1&b=2&c=3", "11");
            const std::string head = encode_head(request);
            FastCgiClient client(site().address());
            // Less than the whole body, and never the record that ends it.
            client.send(head + encode_body(request).substr(0, kRecordHead + kept - (kept == 11 ? 1 : 0)));
            client.close();
            expect_served_and_untouched();
        }
    }
}

TEST_F(BrokenOffBodies, OfClientsThatSendSomethingElse) {
    const std::vector<std::pair<const char*, std::string>> intruders = {
        {"a second request", begin_record(kResponder, 1, 0)},
        {"another request's body", record(RecordType::Stdin, 2, "b=2&c=3")},
        {"parameters", record(RecordType::Params, 1, "\1\1ab")},
        {"abort", record(RecordType::Abort, 1, "")},
        {"version 0", std::string("\0\5\0\1\0\7\0\0b=2&c=3", 15)},
        {"HTTP", "GET / HTTP/1.1\r\n\r\n"},
    };
    for (const auto& [name, bytes] : intruders) {
        for (const char* script : {"/form.php", "/raw.php"}) {
            FastCgiClient client(site().address());
            client.send(encode_head(with_length(script, "", "11")) + record(RecordType::Stdin, 1, "a=1&") +
                        bytes);
            const Answer answer = client.read_answer(milliseconds(2000));
            EXPECT_FALSE(answer.timed_out) << name;
            EXPECT_FALSE(answer.complete() && answer.body() == "ran") << name << answer;
            expect_served_and_untouched();
        }
    }
}

TEST_F(BrokenOffBodies, ThatTheClientItselfEndsAreGivenAsTheyAre) {
    for (const char* length : {"12", "1000", "99999999", "9223372036854775807", "99999999999999999999999"}) {
        for (const char* script : {"/form.php", "/raw.php"}) {
            FastCgiClient client(site().address());
            client.send(with_length(script, "a=1&b=2", length));
            const Answer answer = client.read_answer(milliseconds(2000));
            EXPECT_TRUE(answer.complete()) << length << answer;
            EXPECT_EQ(answer.status(), 200) << length << answer;
        }
    }
}

TEST_F(BrokenOffBodies, OfALengthThatIsNoneAreAnswered) {
    for (const char* length : {"-1", "-99999999999999999999", "abc", "", " ", "0x10", "1e3", "+", "5;"}) {
        FastCgiClient client(site().address());
        client.send(with_length("/raw.php", "body!", length));
        const Answer answer = client.read_answer(milliseconds(2000));
        EXPECT_EQ(answer.body(), "ran") << "'" << length << "'" << answer;
        EXPECT_EQ(ran(), std::string_view(length) == "5;"    ? "body!"
                         : std::string_view(length) == "1e3" ? "b"
                                                             : "")
            << "'" << length << "'";
    }
}

TEST_F(BrokenOffBodies, ThatNobodyReadsAreAnsweredAtOnce) {
    FastCgiClient client(site().address());
    client.send(encode_head(with_length("/unread.php", "", "1000").keep_connection()) +
                record(RecordType::Stdin, 1, "only this"));
    const auto asked = Clock::now();
    const auto output = client.read_record(milliseconds(1000));
    ASSERT_TRUE(output) << "it waited for the rest of the body";
    EXPECT_TRUE(output->content.ends_with("answered")) << output->content;
    EXPECT_LT(Clock::now() - asked, milliseconds(1000));
    EXPECT_TRUE(client.read_answer(milliseconds(4000)).complete());
    EXPECT_TRUE(client.wait_until_closed(milliseconds(4000))) << "it cannot be in step any more";
    expect_served_and_untouched();
}

/// Apache takes the answer's end for the request's, sends no more of it, and begins the next one.
TEST_F(BrokenOffBodies, ThatNobodyReadsAreReadBeforeTheAnswerEnds) {
    const std::string body(300'000, 'x');
    const Request request = with_length("/unread.php", body, std::to_string(body.size())).keep_connection();
    const std::string bytes = encode(request);
    const std::size_t part = bytes.size() / 2;
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(bytes.substr(0, part)));
    const auto output = client.read_record(milliseconds(1000));
    ASSERT_TRUE(output) << "the output need not wait";
    EXPECT_TRUE(output->content.ends_with("answered")) << output->content;
    EXPECT_FALSE(client.read_record(milliseconds(300))) << "the answer has ended";
    ASSERT_TRUE(client.send(bytes.substr(part)));
    EXPECT_TRUE(client.read_answer().complete());
    EXPECT_EQ(client.exchange(request).body(), "answered");
}

TEST_F(BrokenOffBodies, ThatAreCompleteNeedNoEndRecord) {
    const Request request = with_length("/form.php", "a=1&b=2", "7");
    FastCgiClient client(site().address());
    client.send(encode_head(request) + record(RecordType::Stdin, 1, request.body));
    EXPECT_EQ(client.read_answer(milliseconds(2000)).body(), "ran");
    EXPECT_EQ(ran(), "{\"a\":\"1\",\"b\":\"2\"}");
}

TEST_F(BrokenOffBodies, LargeOnesThatNobodyReadsArePassedOver) {
    Request request = with_length("/unread.php", std::string(8 << 20, 'x'), std::to_string(8 << 20));
    FastCgiClient client(site().address());
    for (int round = 0; round < 2; ++round) {
        // All of it is taken, though the answer comes first: a web server that cannot send takes it for an
        // error.
        ASSERT_TRUE(client.send(request.keep_connection())) << "round " << round;
        EXPECT_EQ(client.read_answer().body(), "answered") << "round " << round;
    }
}

}  // namespace
}  // namespace phalanx::harness

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// FastCGI specification, section 5.5.
constexpr std::uint8_t kRequestComplete = 0;
constexpr std::uint8_t kUnknownRole = 3;

class ProtocolQuestions : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("hello.php", "<?php echo 'hello ', $_SERVER['FCGI_ROLE'];");
        site().start();
    }
};

TEST_F(ProtocolQuestions, GetValuesIsAnsweredAndTheConnectionGoesOn) {
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(
        record(RecordType::GetValues, 0, name_value("FCGI_MPXS_CONNS", "") + name_value("X", ""))));
    const auto result = client.read_record();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->type, RecordType::GetValuesResult);
    EXPECT_EQ(result->id, 0);
    EXPECT_EQ(result->content, name_value("FCGI_MPXS_CONNS", "0"));
    EXPECT_EQ(client.exchange(site().request("/hello.php")).body(), "hello RESPONDER");
}

TEST_F(ProtocolQuestions, EveryRoleOfTheSpecificationIsServed) {
    Request request = site().request("/hello.php");
    request.role = kAuthorizer;
    EXPECT_EQ(ask(site().address(), request).body(), "hello AUTHORIZER");
    request.role = kFilter;
    EXPECT_EQ(ask(site().address(), request).body(), "hello FILTER");
}

TEST_F(ProtocolQuestions, AnUnknownRoleIsRefusedInWords) {
    SKIP_UNLESS_PHALANX("it drops the connection");
    Request request = site().request("/hello.php");
    request.role = 4;
    const Answer answer = ask(site().address(), request);
    ASSERT_TRUE(answer.complete()) << answer;
    EXPECT_EQ(answer.end->protocol_status, kUnknownRole);
    EXPECT_EQ(answer.output, "");
    EXPECT_EQ(site().get("/hello.php").body(), "hello RESPONDER");
}

TEST_F(ProtocolQuestions, AnAbortedRequestIsEnded) {
    FastCgiClient client(site().address());
    Request request = site().request("/hello.php", "POST");
    request.set("CONTENT_LENGTH", "10");
    ASSERT_TRUE(client.send(encode_head(request) + record(RecordType::Abort, request.id, {})));
    const Answer answer = client.read_answer();
    EXPECT_TRUE(answer.complete()) << answer;
    EXPECT_EQ(site().get("/hello.php").body(), "hello RESPONDER");
}

TEST_F(ProtocolQuestions, TheRequestIdIsGivenBack) {
    FastCgiClient client(site().address());
    Request request = site().request("/hello.php");
    request.id = 0xabcd;
    ASSERT_TRUE(client.send(request));
    RecordType last{};
    while (last != RecordType::End) {
        const auto next = client.read_record();
        ASSERT_TRUE(next);
        EXPECT_EQ(next->id, 0xabcd);
        last = next->type;
        if (last == RecordType::End) {
            EXPECT_EQ(next->content, std::string(8, static_cast<char>(kRequestComplete)));
        }
    }
}

TEST_F(ProtocolQuestions, NonsenseEndsOnlyItsOwnConnection) {
    for (const std::string& bytes :
         {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(64, '\0'),
          record(RecordType::Stdout, 1, "x"), begin_record(1, 1, 0).substr(0, 10)}) {
        FastCgiClient client(site().address());
        client.send(bytes);
        client.close();
        EXPECT_EQ(site().get("/hello.php").body(), "hello RESPONDER");
    }
}

}  // namespace
}  // namespace phalanx::harness

#include "harness/process.hpp"
#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

/// Longest time from a violation to an answer or the connection's end.
constexpr milliseconds kInTime{2000};

class ProtocolViolations : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().script("echo.php", "<?php echo $_POST['a'] ?? 'no form';");
        site().start();
        ASSERT_TRUE(
            eventually(kPatience, [&] { return (workers_ = site().daemon().workers()).size() == 2; }));
    }

    Request form() {
        return site().request("/echo.php", "POST").with_body("a=here", "application/x-www-form-urlencoded");
    }
    std::string head() { return encode_head(form()); }

    /// Sends bytes and nothing more, and waits for what they are to end in.
    Answer answer_to(const std::string& bytes) {
        FastCgiClient client(site().address());
        client.send(bytes);
        return client.read_answer(kInTime);
    }
    void expect_all_well() {
        EXPECT_EQ(ask(site().address(), form()).body(), "here");
        EXPECT_EQ(site().daemon().workers(), workers_) << "a worker was lost";
    }

    std::vector<pid_t> workers_;
};

TEST_F(ProtocolViolations, AreDropped) {
    SKIP_UNLESS_PHALANX("it waits for more in some of these");
    const std::string begin = begin_record(kResponder, 1, 0);
    const auto with_byte = [&](std::size_t at, char value) {
        std::string bytes = head();
        bytes[at] = value;
        return bytes;
    };
    const std::vector<std::pair<const char*, std::string>> violations = {
        {"version 0", with_byte(0, '\0')},
        {"a type that begins nothing", with_byte(1, '\7')},
        {"an answer's type", record(RecordType::Stdout, 1, "hello")},
        {"an end record", record(RecordType::End, 1, std::string(8, '\0'))},
        {"a begin record of 7 bytes", record(RecordType::Begin, 1, std::string("\0\1\0\0\0\0\0", 7))},
        {"a begin record of 9 bytes", record(RecordType::Begin, 1, std::string("\0\1\0\0\0\0\0\0\0", 9))},
        {"body before parameters", begin + record(RecordType::Stdin, 1, "a=early")},
        {"data before parameters", begin + record(RecordType::Data, 1, "data")},
        {"a begin within the parameters", begin + begin},
        {"another id within the parameters", begin + record(RecordType::Params, 2, name_value("A", "b"))},
        {"parameters of nobody", record(RecordType::Params, 1, name_value("A", "b"))},
        {"a body of nobody", record(RecordType::Stdin, 1, "a=b")},
        {"an abort of nobody", record(RecordType::Abort, 1, "")},
        {"content and padding past 65535",
         begin + std::string("\1\4\0\1\xff\xff\xff\0", 8) + std::string(65'535 + 255, 'x')},
        {"a name longer than its record",
         begin + record(RecordType::Params, 1, "\x7f\1x") + record(RecordType::Params, 1, "")},
        {"a length of 2 GB",
         begin + record(RecordType::Params, 1, "\xff\xff\xff\xff\1x") + record(RecordType::Params, 1, "")},
        {"a length cut in its middle",
         begin + record(RecordType::Params, 1, "\x80\1") + record(RecordType::Params, 1, "")},
        {"HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        {"TLS", std::string("\x16\3\1\2\0\1\0\1\xfc\3\3", 11) + std::string(500, 'r')},
        {"zeros", std::string(4096, '\0')},
        {"text", "hello, is there anybody?\n"},
    };
    for (const auto& [name, bytes] : violations) {
        const Answer answer = answer_to(bytes);
        EXPECT_TRUE(answer.closed) << name << answer;
        EXPECT_EQ(answer.output, "") << name;
    }
    expect_all_well();
}

TEST_F(ProtocolViolations, AnUnknownRoleIsAnswered) {
    SKIP_UNLESS_PHALANX("it drops the connection");
    for (const int role : {0, 4, 255, 65'535}) {
        const Answer answer = answer_to(begin_record(static_cast<std::uint16_t>(role), 7, 0));
        ASSERT_TRUE(answer.end.has_value()) << role << answer;
        EXPECT_EQ(answer.end->protocol_status, 3) << "FCGI_UNKNOWN_ROLE";
    }
    expect_all_well();
}

TEST_F(ProtocolViolations, HeadsThatEndAnywhereEndTheConnection) {
    SKIP_UNLESS_PHALANX("it may run the script");
    const std::string bytes = encode(form());
    const std::size_t enough = head().size() + kRecordHead + 6;  // the end record may be missing
    for (std::size_t size = 1; size < enough; ++size) {
        FastCgiClient client(site().address());
        ASSERT_TRUE(client.send(bytes.substr(0, size)));
        client.finish_sending();
        const Answer answer = client.read_answer(kInTime);
        EXPECT_FALSE(answer.timed_out) << size << " of " << bytes.size() << " bytes";
        EXPECT_NE(answer.body(), "here") << size << " of " << bytes.size() << " bytes";
    }
    expect_all_well();
}

TEST_F(ProtocolViolations, ASecondBeginEndsTheFirstRequest) {
    SKIP_UNLESS_PHALANX("it waits for the client to close");
    const Answer answer = answer_to(head() + record(RecordType::Stdin, 1, "a=h") + encode(form()));
    EXPECT_FALSE(answer.timed_out) << answer;
    EXPECT_NE(answer.body(), "here");
    expect_all_well();
}

TEST_F(ProtocolViolations, AMegabyteOfParametersIsServed) {
    Request many = form();
    for (int i = 0; i < 1000; ++i) many.set("HTTP_X_" + std::to_string(i), std::string(1000, 'v'));
    EXPECT_EQ(ask(site().address(), many).body(), "here");
    Request large = form();
    for (int i = 0; i < 16; ++i) large.set("HTTP_Y_" + std::to_string(i), std::string(65'000, 'v'));
    EXPECT_EQ(ask(site().address(), large).body(), "here");
    expect_all_well();
}

TEST_F(ProtocolViolations, EndlessParametersAreDropped) {
    SKIP_UNLESS_PHALANX("it reads on");
    std::string bytes = begin_record(kResponder, 1, 0);
    for (int i = 0; i < 100; ++i) {
        bytes += record(RecordType::Params, 1,
                        name_value("HTTP_X_" + std::to_string(i), std::string(65'000, 'v')));
    }
    FastCgiClient client(site().address());
    client.send(bytes);
    EXPECT_TRUE(client.wait_until_closed(kInTime));
    expect_all_well();
}

TEST_F(ProtocolViolations, ZeroAndControlBytesAreValuesLikeOthers) {
    Request odd = form();
    odd.set("HTTP_X_ODD", std::string("a\0b\r\n\x01\x7f\xff", 9)).set(std::string("BAD\0NAME", 8), "x");
    odd.set("QUERY_STRING", std::string("q=\r\n\0x", 6)).set("REQUEST_METHOD", "POST\n");
    EXPECT_TRUE(ask(site().address(), odd).complete());
    Request path = form();
    path.set("SCRIPT_FILENAME", (site().root() / "echo.php").string() + std::string("\0.txt", 5));
    EXPECT_TRUE(ask(site().address(), path).complete());
    expect_all_well();
}

TEST_F(ProtocolViolations, PipelinedRequestsAreAnsweredInOrder) {
    constexpr int kRequests = 50;
    std::string bytes;
    for (int i = 1; i <= kRequests; ++i) {
        Request request = site().request("/echo.php", "POST");
        request.with_body("a=number" + std::to_string(i), "application/x-www-form-urlencoded");
        request.id = static_cast<std::uint16_t>(i);
        bytes += encode(i < kRequests ? request.keep_connection() : request);
    }
    FastCgiClient client(site().address());
    ASSERT_TRUE(client.send(bytes));
    for (int i = 1; i <= kRequests; ++i) {
        const Answer answer = client.read_answer();
        ASSERT_EQ(answer.body(), "number" + std::to_string(i)) << answer;
    }
    EXPECT_TRUE(client.wait_until_closed());
    expect_all_well();
}

}  // namespace
}  // namespace phalanx::harness

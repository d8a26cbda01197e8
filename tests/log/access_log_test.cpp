#include "phalanx/log/access_log.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <map>

namespace phalanx::log {
namespace {

class Source : public AccessSource {
  public:
    std::map<std::string, std::string, std::less<>> params{{"A", "one"}, {"EMPTY", ""}, {"EVIL", "x\"\n\\y"}};
    std::map<std::string, std::string, std::less<>> headers{{"X-Foo", "a b"}, {"X-Evil", "\"\n"}};

    std::optional<std::string_view> param(std::string_view name) const noexcept override {
        const auto found = params.find(name);
        if (found == params.end()) return std::nullopt;
        return found->second;
    }
    std::string_view response_header(std::string_view name) const noexcept override {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string_view{} : found->second;
    }
};

class AccessLog : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
    }

    AccessLog() {
        record.pool = "www";
        record.peer = "127.0.0.1";
        record.method = "GET";
        record.uri = "/status";
        record.query = "a=1";
        record.script = "/srv/a.php";
        record.content_length = 12;
        record.status = 200;
        record.memory_peak = 2097152;
        record.duration = std::chrono::microseconds(3005);
        record.cpu_user = std::chrono::microseconds(1000);
        record.cpu_system = std::chrono::microseconds(500);
        record.accepted_at = 1795340611;
        record.written_at = 1795340612;
        record.worker_pid = 16291;
        record.master_pid = 16289;
    }

    std::string line(std::string_view format) {
        auto parsed = AccessFormat::parse(format);
        if (!parsed) return "error: " + parsed.error().message;
        std::string out;
        parsed->append_line(out, record, source);
        if (out.empty()) return out;
        EXPECT_EQ(out.back(), '\n');
        out.pop_back();
        return out;
    }

    AccessRecord record;
    Source source;
};

TEST_F(AccessLog, TheDefaultLineIsPhpFpms) {
    EXPECT_EQ(line(default_access_format), "127.0.0.1 -  22/Nov/2026:09:43:31 +0000 \"GET /status\" 200");
    record.peer = {};
    record.user = "joe";
    record.method = {};
    record.uri = {};
    EXPECT_EQ(line(default_access_format), "- - joe 22/Nov/2026:09:43:31 +0000 \"- \" 200");
}

TEST_F(AccessLog, EveryPlaceholder) {
    EXPECT_EQ(line("%% %C %{total}C %{user}C %{system}C"), "% 49.92 49.92 33.28 16.64");
    EXPECT_EQ(
        line("%d %{seconds}d %{milliseconds}d %{milli}d %{miliseconds}d %{mili}d %{microseconds}d %{micro}d"),
        "0.003 0.003 3.005 3.005 3.005 3.005 3005 3005");
    EXPECT_EQ(line("%{A}e %{EMPTY}e %{NONE}e %f %l %m %n"), "one  - /srv/a.php 12 GET www");
    EXPECT_EQ(line("%M %{bytes}M %{kilobytes}M %{kilo}M %{megabytes}M %{mega}M"),
              "2097152 2097152 2048 2048 2 2");
    EXPECT_EQ(line("%{X-Foo}o %{x-foo}o %p %P %r%Q%q %R %s"), "a b - 16291 16289 /status?a=1 127.0.0.1 200");
    EXPECT_EQ(line("%t|%T|%{%H:%M:%S}t|%{%Y %%d %z}T|%u"),
              "22/Nov/2026:09:43:31 +0000|22/Nov/2026:09:43:32 +0000|09:43:31|2026 %d +0000|");
}

TEST_F(AccessLog, TheWaitInTheLineIsOurOwn) {
    EXPECT_EQ(line("%w"), "0");
    record.waited = std::chrono::microseconds(1'234'567);
    EXPECT_EQ(line("%w %{microseconds}w %{micro}w %{milliseconds}w %{Milli}w %{seconds}w"),
              "1234567 1234567 1234567 1234.567 1234.567 1.235");
    EXPECT_EQ(line("%{}w"), "1234567");
}

TEST_F(AccessLog, AbsentValues) {
    record = {};
    EXPECT_EQ(line("%C %d %f %l %m %n %q%Q %r %R %s %u"), "0.00 0.000 - 0 - -   - 0 ");
}

TEST_F(AccessLog, ModifiersAreReadAsPhpFpmReadsThem) {
    EXPECT_EQ(line("%{TOTAL}C %{mEgA}M %{}d %{}t"), "49.92 2 0.003 22/Nov/2026:09:43:31 +0000");
    EXPECT_EQ(line("%{NONE}{A}e"), "one");
    EXPECT_EQ(line("%{}u."), ".");
    source.params["a%{b"] = "odd";
    EXPECT_EQ(line("%{a%{b}e"), "odd");
    const std::string longest(500, 'N');
    source.params[longest] = "long";
    EXPECT_EQ(line("%{" + longest + "}e"), "long");
}

TEST_F(AccessLog, ALonePercentAtTheEndIsDroppedAndAnEmptyLineIsNotWritten) {
    EXPECT_EQ(line("a%"), "a");
    EXPECT_EQ(line("%%%"), "%");
    EXPECT_EQ(line("%"), "");
    EXPECT_EQ(line(""), "");
    EXPECT_EQ(line("%u"), "");
    EXPECT_EQ(line(" "), " ");
}

TEST_F(AccessLog, WrongFormatsAreToldInPhpFpmsWords) {
    const std::array<std::array<const char*, 2>, 19> wrong{{
        {"%Z", "Invalid token in the access.format (%Z)"},
        {"%{x}O", "Invalid token in the access.format (%O)"},
        {"%{a}}e", "Invalid token in the access.format (%})"},
        {"%\xC3", "Invalid token in the access.format (%\xC3)"},
        {"%\n", "Invalid token in the access.format (%\\x0A)"},
        {"%{", "missing closing embrace in the access.format"},
        {"%{user", "missing closing embrace in the access.format"},
        {"%{x}", "missing closing embrace in the access.format"},
        {"%{a}{b", "missing closing embrace in the access.format"},
        {"%{x}u", "embrace is not allowed for modifier %u"},
        {"%{a}%", "embrace is not allowed for modifier %%"},
        {"%{total}C%{a}m", "embrace is not allowed for modifier %m"},
        {"%e", "the name of the environment variable must be set between embraces for %e"},
        {"%{}o", "the name of the header must be set between embraces for %o"},
        {"%{x}C", "only 'total', 'user' or 'system' are allowed as a modifier for %C ('x')"},
        {"%{total }C", "only 'total', 'user' or 'system' are allowed as a modifier for %C ('total ')"},
        {"%{x}d",
         "only 'seconds', 'milli', 'milliseconds', 'micro' or 'microseconds' are allowed as a modifier for "
         "%d ('x')"},
        {"%{mili}w",
         "only 'seconds', 'milli', 'milliseconds', 'micro' or 'microseconds' are allowed as a modifier for "
         "%w ('mili')"},
        {"%{x}M",
         "only 'bytes', 'kilo', 'kilobytes', 'mega' or 'megabytes' are allowed as a modifier for %M ('x')"},
    }};
    for (const auto& [format, message] : wrong) EXPECT_EQ(line(format), std::string("error: ") + message);
    for (const char token : std::string_view("flmnpPqQrRsu")) {
        EXPECT_EQ(line(std::string("%{a}") + token),
                  std::string("error: embrace is not allowed for modifier %") + token);
    }
}

TEST_F(AccessLog, NoRequestCanForgeALineOrAField) {
    constexpr std::string_view evil = "x\" 200\n127.0.0.1 - \"GET /\\";
    record.method = record.uri = record.query = record.user = record.script = evil;
    const std::string safe = "x\\x22 200\\x0A127.0.0.1 - \\x22GET /\\x5C";
    EXPECT_EQ(line("%m|%r|%q|%u|%f"), safe + "|" + safe + "|" + safe + "|" + safe + "|" + safe);
    EXPECT_EQ(line("%{EVIL}e|%{X-Evil}o"), "x\\x22\\x0A\\x5Cy|\\x22\\x0A");
}

TEST_F(AccessLog, FieldsAreNotCut) {
    const std::string longest(5000, 'q');
    record.query = longest;
    EXPECT_EQ(line("%q"), longest);
}

TEST_F(AccessLog, TimesFollowTheRecordAlthoughOneSecondIsRemembered) {
    auto format = AccessFormat::parse("%{%S}t %{%S}T");
    ASSERT_TRUE(format);
    std::string out;
    format->append_line(out, record, source);
    format->append_line(out, record, source);
    record.accepted_at += 5;
    format->append_line(out, record, source);
    EXPECT_EQ(out, "31 32\n31 32\n36 32\n");
}

TEST_F(AccessLog, ATimeIsWholeHoweverLong) {
    std::string format = "%{";
    for (int i = 0; i < 300; ++i) format += "%Y";
    const std::string text = line(format + "}t.");
    EXPECT_EQ(text.size(), 300u * 4 + 1);
    for (int i = 0; i < 3000; ++i) format += "%Y";
    EXPECT_EQ(line(format + "}t."), ".");  // but not without bound
}

TEST_F(AccessLog, OnlyCpuPlaceholdersNeedCpuTime) {
    EXPECT_FALSE(AccessFormat::parse(default_access_format)->needs_cpu_time());
    EXPECT_TRUE(AccessFormat::parse("%r %{user}C")->needs_cpu_time());
}

TEST_F(AccessLog, SuppressionNeedsAllItsConditions) {
    const std::array<std::string, 2> paths{"/ping", "/status"};
    record.query = {};
    record.content_length = 0;
    EXPECT_TRUE(is_suppressed(paths, record));
    EXPECT_FALSE(is_suppressed({}, record));
    const auto kept = [&](auto change) {
        AccessRecord other = record;
        change(other);
        return !is_suppressed(paths, other);
    };
    EXPECT_FALSE(kept([](auto& r) { r.method = "HEAD"; }));
    EXPECT_FALSE(kept([](auto& r) { r.status = 299; }));
    EXPECT_FALSE(kept([](auto& r) { r.content_length = -1; }));
    EXPECT_TRUE(kept([](auto& r) { r.method = "POST"; }));
    EXPECT_TRUE(kept([](auto& r) { r.method = "get"; }));
    EXPECT_TRUE(kept([](auto& r) { r.query = "a"; }));
    EXPECT_TRUE(kept([](auto& r) { r.content_length = 1; }));
    EXPECT_TRUE(kept([](auto& r) { r.status = 199; }));
    EXPECT_TRUE(kept([](auto& r) { r.status = 300; }));
    EXPECT_TRUE(kept([](auto& r) { r.uri = "/status/"; }));
    EXPECT_TRUE(kept([](auto& r) { r.uri = "/statu"; }));
}

}  // namespace
}  // namespace phalanx::log

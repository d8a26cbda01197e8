#include <unistd.h>

#include "compat/comparison.hpp"
#include "harness/child_process.hpp"

// The program cgi-fcgi sends its environment as a request. Administrators ask with it, and the usual health
// checks of containers are shell scripts around it.

namespace phalanx::compat {
namespace {

using harness::Site;

constexpr const char* kCgiFcgi = "/usr/bin/cgi-fcgi";

/// A health check: reads the status page behind its five lines of head, compares what it was told to compare,
/// then says what it found. Its arguments are NAME=LIMIT for the keys of the page, with '-' for blanks.
constexpr const char* kHealthCheck = R"sh(#!/bin/sh
export REQUEST_METHOD=GET SCRIPT_NAME="${FCGI_STATUS_PATH:-/status}" SCRIPT_FILENAME="${FCGI_STATUS_PATH:-/status}"
status=$(cgi-fcgi -bind -connect "$FCGI_CONNECT") || { echo unreachable; exit 9; }
page=$(echo "$status" | tail -n +5)
[ -n "$page" ] || { echo 'no status'; exit 8; }
if [ "$(echo "$page" | tail -n 1)" = pong ]; then echo pong; exit 0; fi
for check in "$@"; do
    key=$(echo "${check%=*}" | tr - ' ')
    value=$(echo "$status" | grep "^$key:" | cut -d: -f2 | tr -d ' ')
    case $value in ''|*[!0-9]*) echo "no value of $key"; exit 3;; esac
    [ "$value" -le "${check#*=}" ] || { echo "$key: $value of ${check#*=}"; exit 1; }
done
echo "$page" | grep -Po '^(accepted conn|listen queue|idle processes|active processes|slow requests|pool): +\S+'
)sh";

class CgiFcgi : public testing::Test {
  protected:
    void SetUp() override {
        SKIP_UNLESS_BOTH();
        if (::access(kCgiFcgi, X_OK) != 0) GTEST_SKIP() << "Debian's package libfcgi-bin is not installed";
        for (auto* const site : {&original_, &tested_}) {
            site->emplace(site == &original_ ? *harness::installed_php_fpm() : *harness::driven_daemon());
            (*site)
                ->pool()
                .set("pm.status_path", "/status")
                .set("ping.path", "/ping")
                .set("pm.max_children", "1");
            (*site)->script("show.php",
                            "<?php header('X-Here: yes'); error_log('to the errors');"
                            "echo getenv('WORD'), ' ', $_SERVER['REQUEST_METHOD'] ?? 'none', ' ', "
                            "json_encode($_GET), ' ', file_get_contents('php://input');");
            (*site)->start();
        }
    }

    /// What the command prints, its errors and its exit code. "{root}" and "{socket}" are filled in.
    static std::string said(Site& site, const std::vector<std::string>& command) {
        std::vector<std::string> filled{"/usr/bin/env", "-i", "PATH=/usr/bin:/bin"};
        for (const std::string& argument : command) {
            std::string text = argument;
            for (const auto& [mark, value] :
                 {std::pair<std::string, std::string>("{root}", site.root().string()),
                  {"{socket}", site.address().listen_value()}}) {
                if (const auto at = text.find(mark); at != text.npos) text.replace(at, mark.size(), value);
            }
            filled.push_back(text);
        }
        const harness::Outcome outcome = harness::run(filled);
        return masked(
            outcome.output + "\nerrors: " + outcome.errors + "\ncode: " + std::to_string(outcome.status.code),
            site,
            {{"pid:  N", "pid: +[0-9]+"},
             {"since:  N", "since: +[0-9]+"},
             {"duration: N", "duration: +[0-9]+"},
             {"memory: N", "memory: +[0-9]+"},
             {"listen queue len: N", "listen queue len: +[0-9]+"},
             {"cpu: N", "cpu: +[0-9.]+"}});
    }

    /// Reports a difference; gives back what the daemon under test said.
    std::string compared(const std::vector<std::string>& command) {
        const std::string expected = said(*original_, command);
        std::string actual = said(*tested_, command);
        EXPECT_EQ(expected, actual) << testing::PrintToString(command);
        return actual;
    }

    /// A request of these variables.
    std::string asked(std::vector<std::string> variables) {
        variables.insert(variables.end(), {kCgiFcgi, "-bind", "-connect", "{socket}"});
        return compared(variables);
    }

    std::string checked(const std::vector<std::string>& arguments, const std::string& path = "/status") {
        std::vector<std::string> command{"FCGI_CONNECT={socket}", "FCGI_STATUS_PATH=" + path, "/bin/sh",
                                         files_.write("check", kHealthCheck, 0755).string()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        return compared(command);
    }

  private:
    harness::TempDir files_;
    std::optional<Site> original_;
    std::optional<Site> tested_;
};

TEST_F(CgiFcgi, AsksForScripts) {
    EXPECT_NE(
        asked({"SCRIPT_FILENAME={root}/show.php", "REQUEST_METHOD=GET", "QUERY_STRING=a=1&b=x", "WORD=w"})
            .find("w GET {\"a\":\"1\",\"b\":\"x\"}"),
        std::string::npos);
    asked({"SCRIPT_FILENAME={root}/show.php", "SCRIPT_NAME=/show.php", "REQUEST_METHOD=HEAD"});
    asked({"SCRIPT_FILENAME={root}/show.php", "SCRIPT_NAME=/show.php"});
    asked({"SCRIPT_FILENAME={root}/none.php", "REQUEST_METHOD=GET"});
    asked({"SCRIPT_NAME=/show.php", "DOCUMENT_ROOT={root}", "REQUEST_METHOD=GET"});
    asked({"REQUEST_METHOD=GET"});
    asked({});
}

TEST_F(CgiFcgi, AsksForPingAndStatus) {
    EXPECT_NE(asked({"SCRIPT_NAME=/ping", "SCRIPT_FILENAME=/ping", "REQUEST_METHOD=GET"}).find("pong"),
              std::string::npos);
    asked({"SCRIPT_NAME=/ping", "REQUEST_METHOD=GET"});
    asked({"SCRIPT_NAME=/status", "SCRIPT_FILENAME=/status", "REQUEST_METHOD=GET"});
    asked({"SCRIPT_NAME=/status", "SCRIPT_FILENAME=/status", "REQUEST_METHOD=GET", "QUERY_STRING=full"});
    asked({"SCRIPT_NAME=/status", "SCRIPT_FILENAME=/status"});
    asked({"SCRIPT_NAME=/ping", "SCRIPT_FILENAME=/ping"});
    asked({"SCRIPT_NAME=/ping", "SCRIPT_FILENAME=/ping", "REQUEST_METHOD="});
}

TEST_F(CgiFcgi, IsSentAwayByAHealthCheckOnlyForAReason) {
    EXPECT_NE(checked({}).find("listen queue:"), std::string::npos);
    EXPECT_NE(checked({"listen-queue=10", "accepted-conn=100"}).find("code: 0"), std::string::npos);
    EXPECT_NE(checked({"accepted-conn=1"}).find("code: 1"), std::string::npos);
    EXPECT_NE(checked({"no-such-key=1"}).find("code: 3"), std::string::npos);
    EXPECT_NE(checked({}, "/ping").find("pong"), std::string::npos);
    EXPECT_NE(checked({}, "/none").find("code: 1"), std::string::npos);
}

}  // namespace
}  // namespace phalanx::compat

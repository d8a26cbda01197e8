#include <gtest/gtest.h>

#include "site.hpp"

namespace phalanx::php {
namespace {

class ResponseHeadTest : public PhpTest {
  protected:
    static constexpr const char* type_line = "Content-type: text/html; charset=UTF-8\r\n";
    std::string head(const std::string& php, const Pairs& more = {}) {
        return run("<?php " + php, more).head;
    }
};

TEST_F(ResponseHeadTest, HasNoStatusFor200) {
    EXPECT_EQ(head(""), std::string(type_line) + "\r\n");
}

TEST_F(ResponseHeadTest, NamesTheReasonOfACode) {
    EXPECT_EQ(head("http_response_code(404);"),
              "Status: 404 Not Found\r\n" + std::string(type_line) + "\r\n");
    EXPECT_EQ(head("http_response_code(299);"), "Status: 299\r\n" + std::string(type_line) + "\r\n");
}

TEST_F(ResponseHeadTest, TakesTheScriptsStatusLine) {
    EXPECT_EQ(head("header('HTTP/1.1 404 Nope');"), "Status: 404 Nope\r\n" + std::string(type_line) + "\r\n");
}

TEST_F(ResponseHeadTest, CutsALongStatusLine) {
    const std::string text = head("header('HTTP/1.1 404 ' . str_repeat('x', 5000));");
    EXPECT_EQ(text.substr(0, 12), "Status: 404 ");
    EXPECT_EQ(text.find("\r\n"), 1023U);
}

TEST_F(ResponseHeadTest, KeepsTheFirstStatusHeaderInItsPlace) {
    EXPECT_EQ(head("header('X-A: 1'); header('Status: 503 Busy'); header('status: 504 Late', false);"),
              "X-A: 1\r\nStatus: 503 Busy\r\n" + std::string(type_line) + "\r\n");
    EXPECT_EQ(head("header('Status: 503 Busy', true, 500);"),
              "Status: 503 Busy\r\n" + std::string(type_line) + "\r\n");
}

TEST_F(ResponseHeadTest, SpeaksRfc2616WhereAsked) {
    EXPECT_EQ(head("ini_set('cgi.rfc2616_headers', 1); header('HTTP/1.1 404 Nope');"),
              "HTTP/1.1 404 Nope\r\n" + std::string(type_line) + "\r\n");
}

TEST_F(ResponseHeadTest, SaysOkUnderNph) {
    EXPECT_EQ(head("ini_set('cgi.nph', 1);"), "Status: 200 OK\r\n" + std::string(type_line) + "\r\n");
}

TEST_F(ResponseHeadTest, LeavesContentTypeOutOf304) {
    EXPECT_EQ(head("http_response_code(304); header('Content-Type: text/plain'); header('ETag: 1');"),
              "Status: 304 Not Modified\r\nETag: 1\r\n\r\n");
}

TEST_F(ResponseHeadTest, GoesByTheStatusLineAndNotTheNumberBehindIt) {
    EXPECT_EQ(head("header('HTTP/1.1 404'); http_response_code(304); header('Content-Type: text/plain');"),
              "Status: 404\r\nContent-type: text/plain;charset=UTF-8\r\n\r\n");
}

TEST_F(ResponseHeadTest, DoesNotTakeAnEmptyStatusHeaderForOne) {
    EXPECT_EQ(head("header('Status:'); http_response_code(999);"),
              "Status: 999\r\nStatus:\r\n" + std::string(type_line) + "\r\n");
}

TEST_F(ResponseHeadTest, RedirectsWith302) {
    EXPECT_EQ(head("header('Location: /x');"),
              "Status: 302 Found\r\nLocation: /x\r\n" + std::string(type_line) + "\r\n");
}

TEST_F(ResponseHeadTest, HasNoBodyForHead) {
    const MemoryPort port = run("text", {{"REQUEST_METHOD", "HEAD"}});
    EXPECT_EQ(port.head, std::string(type_line) + "\r\n");
    EXPECT_EQ(port.body, "");
}

TEST_F(ResponseHeadTest, TakesTheErrorHeaderOnExit255) {
    const Pairs pairs = {{"PHP_ADMIN_VALUE", "fastcgi.error_header = \"HTTP/1.1 550 Oops\""}};
    EXPECT_EQ(head("exit(255);", pairs).substr(0, 18), "Status: 550 Oops\r\n");
    EXPECT_EQ(head("exit(1);", pairs).substr(0, 12), "Content-type");
}

TEST_F(ResponseHeadTest, IsSentOnceBeforeTheBody) {
    const MemoryPort port = run("<?php echo 'a'; flush(); header('X-Late: 1'); echo 'b';");
    EXPECT_EQ(port.head, std::string(type_line) + "\r\n");
    EXPECT_EQ(port.body, "ab");
}

}  // namespace
}  // namespace phalanx::php

#include "harness/browser.hpp"

#include <gtest/gtest.h>

namespace phalanx::harness {
namespace {

TEST(HarnessBrowser, CookiesAreKeptReplacedAndTakenAway) {
    CookieJar jar;
    jar.take_from({.head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; path=/\r\nset-cookie: b=x=y\r\n"});
    EXPECT_EQ(jar.text(), "a=1; b=x=y");
    jar.take_from({.head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=2\r\nSet-Cookie: b=deleted; Max-Age=0\r\n"});
    EXPECT_EQ(jar.text(), "a=2");
}

TEST(HarnessBrowser, RedirectsStayOnTheServer) {
    EXPECT_EQ(redirect_target("/a/b.php?c=/d", "http://localhost/e?f#g"), "/e?f");
    EXPECT_EQ(redirect_target("/a/b.php", "https://localhost"), "/");
    EXPECT_EQ(redirect_target("/a/b.php", "/e"), "/e");
    EXPECT_EQ(redirect_target("/a/b.php?c=/d", "e.php"), "/a/e.php");
}

TEST(HarnessBrowser, HeadersAreFoundInAnyCase) {
    const HttpAnswer answer{.head = "HTTP/1.1 200 OK\r\nX-One: 1\r\nx-one:2\r\nX-One-More: 3\r\n"};
    EXPECT_EQ(answer.header("x-ONE"), "1");
    EXPECT_EQ(answer.headers("X-One"), (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(answer.header("X-None"), std::nullopt);
}

TEST(HarnessBrowser, RequestsHaveLengthAndHost) {
    EXPECT_EQ(encode({.target = "/a", .headers = {{"X", "y"}}}, true),
              "GET /a HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n");
    EXPECT_EQ(encode({.method = "POST", .target = "/a", .body = "bcd"}, false),
              "POST /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbcd");
}

}  // namespace
}  // namespace phalanx::harness

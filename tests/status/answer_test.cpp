#include <gtest/gtest.h>

#include "phalanx/status/status_page.hpp"

namespace phalanx::status {
namespace {

constexpr std::string_view no_cache =
    "Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Cache-Control: no-cache, no-store, must-revalidate, max-age=0\r\n";

TEST(StatusAnswer, NamesTheFormatAfterTheCacheLines) {
    const PoolSnapshot pool;
    const Answer answer = status_answer(pool, "GET", "json&full");
    EXPECT_EQ(answer.head, std::string(no_cache) + "Content-Type: application/json\r\n\r\n");
    EXPECT_EQ(answer.body, render(pool, Format::json, Detail::processes).body);
    EXPECT_EQ(status_answer(pool, "POST", "").body, render(pool, Format::text, Detail::pool).body);
}

TEST(StatusAnswer, HeadHasPhpsDefaultTypeAndNoBody) {
    const Answer answer = status_answer({}, "HEAD", "json");
    EXPECT_EQ(answer.head, std::string(no_cache) + "Content-type: text/html; charset=UTF-8\r\n\r\n");
    EXPECT_EQ(answer.body, "");
}

TEST(PingAnswer, IsThePoolsWord) {
    const std::string head = "Content-type: text/plain;charset=UTF-8\r\n" + std::string(no_cache) + "\r\n";
    EXPECT_EQ(ping_answer("pong", "GET").head, head);
    EXPECT_EQ(ping_answer("pong", "GET").body, "pong");
    EXPECT_EQ(ping_answer("pong", "HEAD").head, head);
    EXPECT_EQ(ping_answer("pong", "HEAD").body, "");
}

}  // namespace
}  // namespace phalanx::status

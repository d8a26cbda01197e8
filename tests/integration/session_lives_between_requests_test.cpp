#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class Sessions : public SiteTest {};

TEST_F(Sessions, LiveBetweenRequests) {
    const auto folder = site().files().open_folder("sessions");
    site().script("count.php",
                  "<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; echo $_SESSION['n'];");
    site().pool().set("php_value[session.save_path]", folder.string());
    site().start();
    const Answer first = site().get("/count.php");
    EXPECT_EQ(first.body(), "1") << first;
    const std::string cookie = first.header("Set-Cookie").value_or("");
    ASSERT_TRUE(cookie.starts_with("PHPSESSID=")) << first;
    for (const char* count : {"2", "3", "4"}) {
        const Answer next =
            ask(site().address(),
                site().request("/count.php").set("HTTP_COOKIE", cookie.substr(0, cookie.find(';'))));
        EXPECT_EQ(next.body(), count) << next;
    }
    EXPECT_EQ(site().get("/count.php").body(), "1") << "without the cookie it is a new session";
}

}  // namespace
}  // namespace phalanx::harness

#include <gmock/gmock.h>

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class StatusAndPing : public SiteTest {
  protected:
    void SetUp() override {
        SiteTest::SetUp();
        if (IsSkipped()) return;
        site().pool().set("pm.status_path", "/fpm/status").set("ping.path", "/fpm/ping");
        site().start();
    }
    /// Being ready for requests comes before the last worker has begun its life.
    void wait_for_both_workers() {
        EXPECT_TRUE(eventually(kPatience, [this] {
            return site().get("/fpm/status?json").body().find("\"total processes\":2,") != std::string::npos;
        }));
    }
};

TEST_F(StatusAndPing, PingAnswersPong) {
    const Answer answer = site().get("/fpm/ping");
    EXPECT_EQ(answer.status(), 200) << answer;
    EXPECT_EQ(answer.body(), "pong");
    EXPECT_EQ(answer.header("Content-type"), "text/plain;charset=UTF-8");
    EXPECT_EQ(answer.header("Cache-Control"), "no-cache, no-store, must-revalidate, max-age=0");
    EXPECT_EQ(answer.header("Expires"), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_F(StatusAndPing, StatusIsTextAtFirst) {
    wait_for_both_workers();
    const Answer answer = site().get("/fpm/status");
    EXPECT_EQ(answer.header("Content-type"), "text/plain;charset=UTF-8") << answer;
    EXPECT_THAT(answer.body(),
                StartsWith("pool:                 www\nprocess manager:      static\nstart time:  "));
    EXPECT_THAT(answer.body(), HasSubstr("\ntotal processes:      2\n"));
    EXPECT_THAT(answer.body(), HasSubstr("\nslow requests:        0\n"));
}

TEST_F(StatusAndPing, StatusIsJsonWhereAsked) {
    wait_for_both_workers();
    const Answer answer = site().get("/fpm/status?json&full");
    EXPECT_EQ(answer.header("Content-Type"), "application/json") << answer;
    EXPECT_THAT(answer.body(), StartsWith(R"({"pool":"www","process manager":"static","start time":)"));
    EXPECT_THAT(answer.body(), ContainsRegex(R"("total processes":2,"max active processes":[0-9]+,)"));
    EXPECT_THAT(answer.body(),
                ContainsRegex(R"re("slow requests":0.*"processes":\[\{"pid":[0-9]+,"state":")re"));
    EXPECT_TRUE(answer.body().ends_with("}]}")) << answer;
}

TEST_F(StatusAndPing, StatusCountsRequests) {
    wait_for_both_workers();  // one may serve before the master has read its hello and shows it
    const auto accepted = [this] {
        const std::string body = site().get("/fpm/status?json").body();
        const std::string key = "\"accepted conn\":";
        const std::size_t at = body.find(key);
        return at == std::string::npos ? -1 : std::atoi(body.c_str() + at + key.size());
    };
    const int first = accepted();
    for (int i = 0; i < 10; ++i) (void)site().get("/fpm/ping");
    EXPECT_GE(accepted(), first + 10);
}

TEST_F(StatusAndPing, OtherPathsAreScripts) {
    EXPECT_EQ(site().get("/fpm/status/x").status(), 404);
    EXPECT_EQ(site().get("/status").status(), 404);
}

}  // namespace
}  // namespace phalanx::harness

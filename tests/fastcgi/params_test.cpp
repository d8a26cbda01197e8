#include "phalanx/fastcgi/params.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "phalanx/fastcgi/limits.hpp"

namespace phalanx::fastcgi {
namespace {

using namespace std::string_view_literals;

std::string all_of(const Params& params) {
    std::string text;
    for (std::size_t i = 0; i < params.size(); ++i) {
        text.append(params.at(i).name).append("=").append(params.at(i).value).append(";");
    }
    return text;
}

TEST(Params, FindsWhatWasSet) {
    Params params;
    params.set("A", "1");
    params.set("EMPTY", "");
    params.set("", "nameless");
    EXPECT_EQ(params.find("A"), "1");
    EXPECT_EQ(params.find("EMPTY"), "");
    EXPECT_EQ(params.find(""), "nameless");
    EXPECT_EQ(params.find("a"), std::nullopt);
    EXPECT_EQ(params.find("AB"), std::nullopt);
}

TEST(Params, ARepeatedNameTakesTheLaterValueInTheEarlierPlace) {
    Params params;
    params.set("A", "1");
    params.set("B", "2");
    params.set("A", "3");
    EXPECT_EQ(all_of(params), "A=3;B=2;");
}

TEST(Params, ErasesOneAndLeavesTheRest) {
    Params params;
    params.set("A", "1");
    params.set("B", "2");
    params.set("C", "3");
    params.erase("B");
    params.erase("nobody");
    EXPECT_EQ(all_of(params), "A=1;C=3;");
    EXPECT_EQ(params.find("B"), std::nullopt);
}

/// Names of one length whose last bytes are the same, so that only the whole name tells them apart.
std::string name_of(std::size_t number) {
    return "HTTP_" + std::to_string(100'000 + number) + "_ABCDEFGHIJKLMNOP";
}

TEST(Params, ManyAreFoundSetAgainAndErased) {
    Params params;
    for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < 1000; ++i) params.set(name_of(i), std::to_string(i));
        EXPECT_EQ(params.find(name_of(1000)), std::nullopt);
        // Down to few, and to many again.
        for (std::size_t i = 0; i < 1000; ++i) {
            if (i % 10 != 0) params.erase(name_of(i));
        }
        ASSERT_EQ(params.size(), 100U);
        for (std::size_t i = 0; i < 200; ++i) params.set(name_of(i), "again " + std::to_string(i));
        EXPECT_EQ(params.find(name_of(990)), "990");
        EXPECT_EQ(params.find(name_of(991)), std::nullopt);
        for (std::size_t i = 0; i < 200; ++i)
            EXPECT_EQ(params.find(name_of(i)), "again " + std::to_string(i));
        EXPECT_EQ(params.size(), 280U);
        EXPECT_EQ(params.at(1).name, name_of(10));
        EXPECT_EQ(params.at(279).name, name_of(199));
        params.clear();
        EXPECT_EQ(params.find(name_of(0)), std::nullopt);
    }
}

/// In processor time, which other work beside does not change: 32 million comparisons of names would be
/// seconds.
TEST(Params, MostPairsWithEqualTagsTakeLittleTime) {
    Params params;
    const std::clock_t begin = std::clock();
    for (std::size_t i = kMaxPairs; i-- > 0;) params.set(name_of(i), "x");
    for (std::size_t i = 0; i < kMaxPairs; ++i) EXPECT_EQ(params.find(name_of(i)), "x");
    EXPECT_LT(std::clock() - begin, CLOCKS_PER_SEC);
}

TEST(Params, ValuesAreCutAtAZeroByteAndNamesRefused) {
    Params params;
    params.set("SCRIPT_FILENAME", "/srv/a.php\0/b"sv);
    params.set("SCRIPT_FILENAME\0X"sv, "/evil");
    params.set("\0"sv, "x");
    params.set("Z", "\0abc"sv);
    EXPECT_EQ(all_of(params), "SCRIPT_FILENAME=/srv/a.php;Z=;");
}

TEST(Params, TextsAreCStrings) {
    Params params;
    params.set("NAME", "value");
    params.set("OTHER", "x");
    EXPECT_STREQ(params.at(0).name.data(), "NAME");
    EXPECT_STREQ(params.at(0).value.data(), "value");
}

TEST(Params, MaySetOneToAPartOfAnother) {
    Params params;
    params.set("PATH", "/a/long/path/that/fills/some/room");
    for (int i = 0; i < 200; ++i) {
        const std::string name = "COPY" + std::to_string(i);
        params.set(name, params.find("PATH")->substr(1));
        ASSERT_EQ(params.find(name), "a/long/path/that/fills/some/room") << i;
        params.erase("PATH");
        params.set("PATH", "/a/long/path/that/fills/some/room");
    }
    params.set("PATH", params.find("PATH")->substr(0, 2));
    EXPECT_EQ(params.find("PATH"), "/a");
}

TEST(Params, ClearForgetsAll) {
    Params params;
    params.set("A", "1");
    params.clear();
    EXPECT_EQ(params.size(), 0U);
    EXPECT_EQ(params.find("A"), std::nullopt);
}

TEST(ParamsDeathTest, APlaceOutOfRangePanics) {
    EXPECT_DEATH((void)Params().at(0), "no parameter");
}

}  // namespace
}  // namespace phalanx::fastcgi

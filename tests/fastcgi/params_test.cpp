#include "phalanx/fastcgi/params.hpp"

#include <gtest/gtest.h>

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

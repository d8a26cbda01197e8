#include "phalanx/php/info.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "site.hpp"

namespace phalanx::php {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class InfoTest : public PhpTest {};

TEST_F(InfoTest, VersionIsInPhpFpmsForm) {
    const std::string text = version_text();
    EXPECT_THAT(text,
                MatchesRegex(
                    "PHP [0-9]+[.][0-9]+[.][^ ]+ [(]fpm-fcgi[)] [(]built: [A-Z][a-z][a-z] [ 0-9][0-9] [0-9]+ "
                    "[0-9:]+[)] [(]Phalanx [0-9.]+[)]\nCopyright [(]c[)] The PHP Group\n"
                    "Zend Engine v[^\n]*\n    with Zend OPcache v[^\n]*\n"));
}

TEST_F(InfoTest, ModulesAreSorted) {
    const std::string text = modules_text();
    EXPECT_THAT(text, testing::StartsWith("[PHP Modules]\ncgi-fcgi\nCore\ndate\n"));
    EXPECT_THAT(text, testing::EndsWith("\n\n[Zend Modules]\nZend OPcache\n\n"));
    EXPECT_EQ(text.find("pcntl"), std::string::npos);
}

TEST_F(InfoTest, InfoShowsTheModule) {
    const auto text = info_text();
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, HasSubstr("Server API => FPM/FastCGI\n"));
    EXPECT_THAT(*text,
                HasSubstr("\ncgi-fcgi\n\nphp-fpm => active\n\nDirective => Local Value => Master Value\n"
                          "cgi.discard_path => Off => Off\n"));
    EXPECT_THAT(*text, HasSubstr("Loaded Configuration File => " + engine_directory() + "/php.ini\n"));
}

TEST_F(InfoTest, RequestsWorkAfterwards) {
    static_cast<void>(version_text());
    EXPECT_EQ(run("after").body, "after");
    EXPECT_EQ(run("<?php phpinfo(INFO_GENERAL);").body.substr(0, 9), "<!DOCTYPE");
}

}  // namespace
}  // namespace phalanx::php

#include "startup_ini.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace phalanx::php {
namespace {

using config::PhpValue;

class Environment {
  public:
    Environment(const char* name, const char* value) : name_(name) {
        const char* const old = std::getenv(name);
        if (old != nullptr) old_ = old;
        value != nullptr ? setenv(name, value, 1) : unsetenv(name);
    }
    ~Environment() { old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_); }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

  private:
    const char* name_;
    std::optional<std::string> old_;
};

std::string scanned(const char* given, const std::string& directory) {
    const Environment environment("PHP_INI_SCAN_DIR", given);
    const ScanDirectory scan(directory);
    const char* const now = std::getenv("PHP_INI_SCAN_DIR");
    return now != nullptr ? now : "(unset)";
}

TEST(ScanDirectory, StandsForEmptyItems) {
    EXPECT_EQ(scanned(nullptr, "/fpm"), "/fpm/conf.d");
    EXPECT_EQ(scanned("", "/fpm"), "");
    EXPECT_EQ(scanned("/mine", "/fpm"), "/mine");
    EXPECT_EQ(scanned(":/mine", "/fpm"), "/fpm/conf.d:/mine");
    EXPECT_EQ(scanned("/mine:", "/fpm"), "/mine:/fpm/conf.d");
    EXPECT_EQ(scanned(nullptr, ""), "(unset)");
}

TEST(ScanDirectory, GivesTheOldValueBack) {
    for (const char* given : {static_cast<const char*>(nullptr), ":/mine"}) {
        const Environment environment("PHP_INI_SCAN_DIR", given);
        { const ScanDirectory scan("/fpm"); }
        const char* const now = std::getenv("PHP_INI_SCAN_DIR");
        EXPECT_STREQ(now, given);
    }
}

TEST(IniPlace, PrefersTheCommandLine) {
    const Environment environment("PHPRC", "/dev/null");
    EXPECT_EQ(ini_place({.ini_path = "/c.ini"}, "/fpm"), "/c.ini");
    EXPECT_EQ(ini_place({.ini_path = "/c.ini", .ignore_ini = true}, "/fpm"), "/c.ini");
    EXPECT_EQ(ini_place({.ignore_ini = true}, "/fpm"), "");
    EXPECT_EQ(ini_place({}, ""), "");
    EXPECT_EQ(ini_place({}, "/fpm"), "/dev/null");
}

TEST(IniPlace, SearchesPhprcBeforeTheDefault) {
    const std::string directory = std::filesystem::temp_directory_path().string();
    const Environment environment("PHPRC", directory.c_str());
    EXPECT_EQ(ini_place({}, "/fpm"), directory + ":/fpm");
    const Environment missing("PHPRC", "/no/such/place");
    EXPECT_EQ(ini_place({}, "/fpm"), "/no/such/place:/fpm");
    const Environment none("PHPRC", nullptr);
    EXPECT_EQ(ini_place({}, "/fpm"), "/fpm");
}

TEST(OverridingIniLines, QuoteWhatNeedsIt) {
    const EngineOptions options = {.defines = {"a", "b=1", "c=", "d=/path;x", "e=\"x y\"", "f='z'"},
                                   .pool_values = {{PhpValue::Kind::value, "extension", "one.so"},
                                                   {PhpValue::Kind::admin_value, "memory_limit", "1M"},
                                                   {PhpValue::Kind::value, "zend_extension", "it's"},
                                                   {PhpValue::Kind::admin_value, "extension", "two"}}};
    EXPECT_EQ(overriding_ini_lines(options),
              "a=1\nb=1\nc=\nd=\"/path;x\"\ne=\"x "
              "y\"\nf='z'\nzend_extension=\"it's\"\nextension='one.so'\nextension='two'\n");
}

}  // namespace
}  // namespace phalanx::php

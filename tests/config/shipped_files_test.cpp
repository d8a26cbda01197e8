#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config_test_support.hpp"

/// The samples in conf/ and the dump of what they say.
namespace phalanx::config::testing {
namespace {

std::string content_of(const std::string& file) {
    std::ostringstream content;
    content << std::ifstream(file).rdbuf();
    return content.str();
}

TEST(ShippedFiles, TheMainFileIncludesThePoolFolder) {
    const TemporaryFolder folder;
    folder.write("pool.d/www.conf", content_of(std::string(PHALANX_TEST_CONF) + "/pool.d/www.conf"));
    std::string main = content_of(std::string(PHALANX_TEST_CONF) + "/phalanx.conf");
    const std::string installed = "/etc/phalanx/pool.d/*.conf";
    const std::size_t at = main.find(installed);
    ASSERT_NE(at, std::string::npos);
    main.replace(at, installed.size(), folder.path("pool.d/*.conf"));
    const LoadResult result = load(plain_options(folder.write("phalanx.conf", main)));
    EXPECT_THAT(texts(result), ::testing::IsEmpty());
    ASSERT_TRUE(result.settings.has_value());
    ASSERT_EQ(result.settings->pools.size(), 1U);
    EXPECT_EQ(result.settings->pools[0].name, "www");
}

TEST(Dump, ShowsEverySectionBetweenBlankLines) {
    const TemporaryFolder folder;
    const LoadResult result = load(plain_options(folder.write(
        "main.conf", "log_level = Warn\n" + std::string(sound_pool) +
                         "env[A] = 1\nenv[B] = $HOME\nphp_flag[c] = on\n"
                         "pm.status_listen = s\nsecurity.limit_extensions = .a  .b\ngroup =\n")));
    ASSERT_TRUE(result.settings.has_value());
    const auto lines = dump(*result.settings);
    EXPECT_EQ(lines.front(), "[global]");
    EXPECT_EQ(lines.back(), " ");
    for (const std::string line :
         {"\tlog_level = WARNING", "\terror_log = /var/log/php-fpm.log", "\tpid = undefined", "[www]",
          "\tgroup = ", "\tprefix = undefined", "\tpm = static", "\tpm.process_idle_timeout = 10",
          "\trequest_slowlog_timeout = 0s", "\tpm.status_listen = s", "\tsecurity.limit_extensions = .a  .b",
          "\tphp_value[c] = 1"}) {
        EXPECT_THAT(lines, ::testing::Contains(line));
    }
    EXPECT_THAT(lines, ::testing::IsSupersetOf({"\tenv[B] = $HOME", "\tenv[A] = 1"}));
    EXPECT_THAT(lines, ::testing::Not(::testing::Contains(::testing::StartsWith("\tapparmor_hat"))));
}

}  // namespace
}  // namespace phalanx::config::testing

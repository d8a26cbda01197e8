#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config_test_support.hpp"

namespace phalanx::config::testing {
namespace {

using ::testing::ElementsAre;

class Include : public ::testing::Test {
  protected:
    LoadResult load_text(std::string_view content) {
        options_.file = folder_.write("main.conf", content);
        return load(options_);
    }
    std::string not_loaded() { return "ERROR: failed to load configuration file '" + options_.file + "'"; }

    TemporaryFolder folder_;
    LoadOptions options_ = plain_options(folder_.path("main.conf"));
};

TEST_F(Include, FilesComeInTheOrderOfTheirBytesWithoutFolders) {
    const std::string rest = "user = x\npm = static\npm.max_children = 1\n";
    folder_.write("d/b.conf", "[b]\nlisten = 2\n" + rest);
    folder_.write("d/Z.conf", "[z]\nlisten = 1\n" + rest);
    folder_.write("d/sub.conf/x", "");
    const LoadResult result =
        load_text("include = \"" + folder_.path("d") + "/*.conf\"\npm.max_requests = 4\n");
    ASSERT_TRUE(result.settings.has_value()) << ::testing::PrintToString(texts(result));
    ASSERT_EQ(result.settings->pools.size(), 2U);
    EXPECT_EQ(result.settings->pools[0].name, "z");
    EXPECT_EQ(result.settings->pools[1].pm_max_requests, 4) << "the section goes on behind the include";
}

TEST_F(Include, RelativePatternsCountFromThePrefix) {
    folder_.write("x.conf", sound_pool);
    options_.prefix = folder_.path();
    EXPECT_TRUE(load_text("include = x.conf\n").settings.has_value());
}

TEST_F(Include, LinesAreCountedRightBehindAnInclude) {
    folder_.write("long.conf", "\n\n\n\n\n[www]\n");
    const LoadResult result =
        load_text("\ninclude = " + folder_.path("long.conf") + "\n\nnothing_like_it = 1\n");
    EXPECT_THAT(texts(result), ElementsAre("ERROR: [" + options_.file + ":4] unknown entry 'nothing_like_it'",
                                           not_loaded()));
}

TEST_F(Include, FaultsInsideAreToldLevelByLevel) {
    const std::string inner = folder_.write("inner.conf", "\nnothing_like_it = 1\n");
    const std::string outer = folder_.write("outer.conf", "\n\ninclude = " + inner + "\n");
    EXPECT_THAT(texts(load_text("include = " + outer + "\n")),
                ElementsAre("ERROR: [" + inner + ":2] unknown entry 'nothing_like_it'",
                            "ERROR: Unable to include " + inner + " from " + outer + " at line 3",
                            "ERROR: Unable to include " + outer + " from " + options_.file + " at line 1",
                            not_loaded()));
}

TEST_F(Include, DepthIsLimited) {
    const std::string self = folder_.path("main.conf");
    const std::string failed = "ERROR: Unable to include " + self + " from " + self + " at line 1";
    EXPECT_THAT(texts(load_text("include = " + self + "\n")),
                ElementsAre("ERROR: failed to include more than 5 files recursively", failed, failed, failed,
                            failed, failed, not_loaded()));
}

TEST_F(Include, NoMatchIsAWarningOnly) {
    const std::string pattern = folder_.path("none*.conf");
    const LoadResult result = load_text(std::string(sound_pool) + "include = " + pattern + "\ninclude =\n");
    EXPECT_TRUE(result.settings.has_value());
    EXPECT_THAT(texts(result), ElementsAre("WARNING: Nothing matches the include pattern '" + pattern +
                                           "' from " + options_.file + " at line 6."));
}

TEST_F(Include, AMissingFolderIsAnError) {
    const std::string pattern = folder_.path("missing/*.conf");
    EXPECT_THAT(texts(load_text("include = " + pattern + "\n")),
                ElementsAre("ERROR: Unable to globalize '" + pattern + "' (ret=2) from " + options_.file +
                                " at line 1.",
                            not_loaded()));
}

}  // namespace
}  // namespace phalanx::config::testing

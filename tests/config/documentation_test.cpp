#include "documentation.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "directives.hpp"

namespace phalanx::config {
namespace {

/// With PHALANX_UPDATE_DOCUMENTATION in the environment the file is written instead.
TEST(Documentation, TheFileIsWhatTheTableSays) {
    const std::string rendered = render_documentation();
    if (std::getenv("PHALANX_UPDATE_DOCUMENTATION") != nullptr) {
        std::ofstream(PHALANX_TEST_DOCUMENTATION) << rendered;
    }
    std::ostringstream written;
    written << std::ifstream(PHALANX_TEST_DOCUMENTATION).rdbuf();
    EXPECT_EQ(written.str(), rendered) << "run this test with PHALANX_UPDATE_DOCUMENTATION=1";
}

TEST(Documentation, EveryDirectiveStandsInIt) {
    const std::string rendered = render_documentation();
    for (const auto& row : global_directives())
        EXPECT_NE(rendered.find("| `" + std::string(row.name)), std::string::npos);
    for (const auto& row : pool_directives())
        EXPECT_NE(rendered.find("| `" + std::string(row.name)), std::string::npos);
}

}  // namespace
}  // namespace phalanx::config

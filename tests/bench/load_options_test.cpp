#include "bench/load_options.hpp"

#include <gtest/gtest.h>

namespace phalanx::bench {
namespace {

const std::vector<std::string> kNeeded = {"--server", "127.0.0.1:9000", "--script", "/srv/a.php"};

std::string complaint(std::vector<std::string> more) {
    more.insert(more.end(), kNeeded.begin(), kNeeded.end());
    const auto parsed = parse_options(more);
    return std::holds_alternative<std::string>(parsed) ? std::get<std::string>(parsed) : "";
}

TEST(LoadOptions, HaveSensibleDefaults) {
    const auto parsed = parse_options(kNeeded);
    const LoadOptions& options = std::get<LoadOptions>(parsed);
    EXPECT_EQ(options.plan.clients, 1u);
    EXPECT_EQ(options.plan.use, harness::ConnectionUse::Short);
    EXPECT_EQ(options.plan.duration, harness::milliseconds(5'000));
    EXPECT_FALSE(options.plan.requests);
    EXPECT_EQ(options.plan.server.port(), 9000);
    EXPECT_NE(harness::encode(options.plan.request).find("/srv/a.php"), std::string::npos);
}

TEST(LoadOptions, AreAllRead) {
    std::vector<std::string> arguments = {
        "--clients", "64", "--keep", "--milliseconds", "100", "--requests", "7",
        "--post",    "10", "--json", "--expect-body",  "5",   "--master",   "99",
        "--query",   "a=b"};
    arguments.insert(arguments.end(), kNeeded.begin(), kNeeded.end());
    const auto parsed = parse_options(arguments);
    const LoadOptions& options = std::get<LoadOptions>(parsed);
    EXPECT_EQ(options.plan.clients, 64u);
    EXPECT_EQ(options.plan.use, harness::ConnectionUse::Kept);
    EXPECT_EQ(options.plan.requests, 7u);
    EXPECT_EQ(options.plan.body_size, 5u);
    EXPECT_EQ(options.plan.request.body, "xxxxxxxxxx");
    EXPECT_EQ(options.master, 99);
    EXPECT_TRUE(options.json);
}

TEST(LoadOptions, MistakesAreNamed) {
    EXPECT_EQ(complaint({"--nonsense"}), "unknown option '--nonsense'");
    EXPECT_EQ(complaint({"--clients", "0"}), "'0' is not a number from 1 to 10000");
    EXPECT_EQ(complaint({"--clients", "5x"}), "'5x' is not a number from 1 to 10000");
    EXPECT_EQ(complaint({"--milliseconds", "600001"}), "'600001' is not a number from 1 to 600000");
    EXPECT_EQ(std::get<std::string>(parse_options({})), "--server and --script are needed");
    EXPECT_EQ(std::get<std::string>(parse_options({"--server"})), "--server needs a value");
    EXPECT_EQ(std::get<std::string>(parse_options({"--server", "x", "--script", "/a"})), "not an address: x");
}

}  // namespace
}  // namespace phalanx::bench

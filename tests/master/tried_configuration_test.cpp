#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "phalanx/master/upgrade.hpp"
#include "phalanx/os/shared_memory.hpp"

namespace phalanx::master {
namespace {

TriedConfiguration example() {
    TriedConfiguration tried;
    tried.diagnostics = {{config::LogLevel::notice, "early"}, {config::LogLevel::warning, "late"}};
    tried.early = 1;
    tried.plan.file = "/etc/some.conf";
    tried.plan.global.pid = "/run/some.pid";
    PoolPlan pool;
    pool.settings.name = "www";
    pool.listen.text = "9000";
    pool.worker.pool = "www";
    tried.plan.pools.push_back(pool);
    return tried;
}

/// As the executed program gets it: the descriptor's number in its environment.
std::optional<TriedConfiguration> taken(const os::UniqueFd& memory) {
    const int passed = ::dup(memory.get());
    ::setenv(tried_variable, (std::to_string(passed) + ":").c_str(), 1);
    return take_tried();
}

TEST(TriedConfiguration, ComesThroughMemoryAsItWas) {
    auto memory = os::make_empty_memory("test");
    ASSERT_TRUE(memory);
    ASSERT_TRUE(write_tried(*memory, example()));
    const auto tried = taken(*memory);
    ASSERT_TRUE(tried);
    ASSERT_EQ(tried->diagnostics.size(), 2u);
    EXPECT_EQ(tried->diagnostics[1].text, "late");
    EXPECT_EQ(tried->early, 1u);
    EXPECT_EQ(tried->plan.file, "/etc/some.conf");
    EXPECT_EQ(tried->plan.global.pid, "/run/some.pid");
    ASSERT_EQ(tried->plan.pools.size(), 1u);
    EXPECT_EQ(tried->plan.pools[0].settings.name, "www");
    EXPECT_EQ(tried->plan.pools[0].listen.text, "9000");
}

TEST(TriedConfiguration, IsNoneWhereThereIsNoneOrHalfOfOne) {
    EXPECT_FALSE(take_tried());
    auto memory = os::make_empty_memory("test");
    ASSERT_TRUE(memory);
    EXPECT_FALSE(taken(*memory));
    ASSERT_TRUE(write_tried(*memory, example()));
    ASSERT_EQ(::ftruncate(memory->get(), 200), 0);
    EXPECT_FALSE(taken(*memory));
}

/// Another program's would be read by other rules.
TEST(TriedConfiguration, IsNoneWhereAnotherProgramWroteIt) {
    auto memory = os::make_empty_memory("test");
    ASSERT_TRUE(memory);
    ASSERT_TRUE(write_tried(*memory, example()));
    char byte = 0;
    constexpr off_t within_the_mark = 9;
    ASSERT_EQ(::pread(memory->get(), &byte, 1, within_the_mark), 1);
    ++byte;
    ASSERT_EQ(::pwrite(memory->get(), &byte, 1, within_the_mark), 1);
    EXPECT_FALSE(taken(*memory));
}

TEST(TrialOrder, NamesTheProcessThatIsToRunTheProgram) {
    EXPECT_FALSE(take_trial_order());
    auto memory = os::make_empty_memory("test");
    ASSERT_TRUE(memory);
    const std::string passed = std::to_string(::dup(memory->get()));
    ::setenv(trial_variable, (passed + ":4711:-5").c_str(), 1);
    const auto order = take_trial_order();
    ASSERT_TRUE(order);
    EXPECT_EQ(order->facts.pid, 4711);
    EXPECT_EQ(order->facts.nice_value, -5);
    ::setenv(trial_variable, "1", 1);
    EXPECT_FALSE(take_trial_order());
}

}  // namespace
}  // namespace phalanx::master

#include "harness/site.hpp"

namespace phalanx::harness {
namespace {

class PoolSettings : public SiteTest {
  protected:
    std::string result_of(const std::string& code) {
        site().script("ask.php", "<?php echo json_encode(" + code + ");");
        if (!started_) site().start();
        started_ = true;
        return site().get("/ask.php").body();
    }

  private:
    bool started_ = false;
};

TEST_F(PoolSettings, AdminValuesAreSetAndCannotBeChanged) {
    site().pool().set("php_admin_value[memory_limit]", "77M").set("php_admin_flag[log_errors]", "on");
    EXPECT_EQ(result_of("[ini_get('memory_limit'), ini_set('memory_limit', '99M'), ini_get('memory_limit')]"),
              R"(["77M",false,"77M"])");
    EXPECT_EQ(result_of("ini_get('log_errors')"), R"("1")");
}

TEST_F(PoolSettings, ValuesAreSetAndCanBeChangedForOneRequest) {
    site().pool().set("php_value[memory_limit]", "77M").set("pm.max_children", "1");
    EXPECT_EQ(result_of("[ini_get('memory_limit'), ini_set('memory_limit', '99M'), ini_get('memory_limit')]"),
              R"(["77M","77M","99M"])");
    EXPECT_EQ(result_of("ini_get('memory_limit')"), R"("77M")");
}

TEST_F(PoolSettings, AdminValuesDisableFunctions) {
    site().pool().set("php_admin_value[disable_functions]", "exec,passthru");
    EXPECT_EQ(result_of("[function_exists('exec'), function_exists('passthru'), function_exists('system')]"),
              "[false,false,true]");
}

TEST_F(PoolSettings, EachPoolHasItsOwn) {
    site().add_pool("other").set("php_value[memory_limit]", "55M");
    site().pool().set("php_value[memory_limit]", "44M");
    EXPECT_EQ(result_of("ini_get('memory_limit')"), R"("44M")");
    EXPECT_EQ(site().get("/ask.php", "other").body(), R"("55M")");
}

TEST_F(PoolSettings, TheEnvironmentIsClearedButForTheConfiguredNames) {
    site().start_options().environment = {{"FROM_OUTSIDE", "outer"}};
    site().pool().set("env[OWN]", "inner").set("env[COPIED]", "$FROM_OUTSIDE");
    EXPECT_EQ(result_of("[getenv('FROM_OUTSIDE'), getenv('OWN'), getenv('COPIED'), getenv('PATH')]"),
              R"([false,"inner","outer",false])");
}

TEST_F(PoolSettings, TheEnvironmentIsKeptWhereAsked) {
    site().start_options().environment = {{"FROM_OUTSIDE", "outer"}};
    site().pool().set("clear_env", "no").set("env[OWN]", "inner");
    EXPECT_EQ(result_of("[getenv('FROM_OUTSIDE'), getenv('OWN')]"), R"(["outer","inner"])");
}

TEST_F(PoolSettings, CommandLineDefinitionsReachEveryPool) {
    site().start_options().arguments.insert(site().start_options().arguments.end(), {"-d", "precision=5"});
    EXPECT_EQ(result_of("ini_get('precision')"), R"("5")");
}

TEST_F(PoolSettings, ScriptsRunInTheirOwnFolder) {
    EXPECT_EQ(result_of("getcwd() === __DIR__"), "true");
}

}  // namespace
}  // namespace phalanx::harness

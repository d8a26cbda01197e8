#include "phalanx/config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "config_test_support.hpp"

namespace phalanx::config::testing {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

class Load : public ::testing::Test {
  protected:
    LoadResult load_text(std::string_view content) {
        options_.file = folder_.write("main.conf", content);
        return load(options_);
    }

    PoolSettings pool(std::string_view lines) {
        const LoadResult result = load_text(std::string(sound_pool) + std::string(lines));
        EXPECT_TRUE(result.settings.has_value()) << ::testing::PrintToString(texts(result));
        return result.settings ? result.settings->pools.at(0) : PoolSettings{};
    }

    GlobalSettings global(std::string_view lines) {
        const LoadResult result = load_text(std::string(lines) + "\n" + std::string(sound_pool));
        EXPECT_TRUE(result.settings.has_value()) << ::testing::PrintToString(texts(result));
        return result.settings ? result.settings->global : GlobalSettings{};
    }

    /// What a file says that has these lines behind those of a sound pool, which are five.
    std::vector<std::string> complaints(std::string_view lines) {
        const LoadResult result = load_text(std::string(sound_pool) + std::string(lines));
        EXPECT_FALSE(result.settings.has_value());
        return texts(result);
    }

    std::string here(int line) { return "ERROR: [" + options_.file + ":" + std::to_string(line) + "] "; }
    std::string not_loaded() { return "ERROR: failed to load configuration file '" + options_.file + "'"; }

    TemporaryFolder folder_;
    LoadOptions options_ = plain_options(folder_.path("main.conf"));
};

TEST_F(Load, EveryTypeFindsItsPlace) {
    const PoolSettings settings = pool(R"(
PM.Max_Requests = 500
request_terminate_timeout = 2m
process.priority = -5
rlimit_core = unlimited
catch_workers_output = yes
listen.allowed_clients = 127.0.0.1,::1
security.limit_extensions = .php  .php5
access.suppress_path[] = /a
access.suppress_path[] = /b
env[HOST] = $HOME
env[GONE] = $NOTHING
env[PATH] = "a$b"
php_value[a] = 1
php_admin_flag[b] = off
php_flag[c] = on
pm.max_children = 3
)");
    EXPECT_EQ(settings.pm_max_requests, 500);
    EXPECT_EQ(settings.request_terminate_timeout, seconds(120));
    EXPECT_EQ(settings.process_priority, -5);
    EXPECT_EQ(settings.rlimit_core.value, ResourceLimit::unlimited);
    EXPECT_TRUE(settings.catch_workers_output);
    EXPECT_TRUE(settings.listen_allowed_clients_set);
    EXPECT_THAT(settings.security_limit_extensions, ElementsAre(".php", ".php5"));
    EXPECT_THAT(settings.access_suppress_path, ElementsAre("/a", "/b"));
    ASSERT_EQ(settings.env.size(), 3U);
    EXPECT_EQ(settings.env[0].value, "/root");
    EXPECT_EQ(settings.env[1].value, "");
    EXPECT_EQ(settings.env[2].value, "a$b");
    ASSERT_EQ(settings.php_values.size(), 3U);
    EXPECT_EQ(settings.php_values[1].kind, PhpValue::Kind::admin_value);
    EXPECT_EQ(settings.php_values[1].value, "0");
    EXPECT_EQ(settings.php_values[2].value, "1");
    EXPECT_EQ(settings.pm_max_children, 3) << "the last of two counts";
    EXPECT_EQ(settings.pm, ProcessManager::static_size);
}

TEST_F(Load, DefaultsHoldWhereNothingIsSaid) {
    const PoolSettings settings = pool("");
    EXPECT_EQ(settings.listen_backlog, -1);
    EXPECT_FALSE(settings.listen_allowed_clients_set);
    EXPECT_THAT(settings.security_limit_extensions, ElementsAre(".php", ".phar"));
    EXPECT_TRUE(settings.clear_env);
    const GlobalSettings defaults = global("");
    EXPECT_EQ(defaults.error_log, "/var/log/php-fpm.log");
    EXPECT_EQ(defaults.pid, "");
    EXPECT_EQ(defaults.events_mechanism, "epoll");
    EXPECT_FALSE(defaults.log_level.has_value());
}

TEST_F(Load, GlobalValuesFindTheirPlace) {
    const GlobalSettings settings = global(
        "pid = run/x.pid\nerror_log = SysLog\nlog_level = WARN\nprocess.max = 8\n"
        "[GLOBAL]\nsyslog.facility = local3\nsystemd_interval = -1\n");
    EXPECT_EQ(settings.pid, "/var/run/x.pid");
    EXPECT_EQ(settings.error_log, "syslog");
    EXPECT_EQ(settings.log_level, LogLevel::warning);
    EXPECT_EQ(settings.process_max, 8);
    EXPECT_EQ(settings.syslog_facility, 19 << 3);
    EXPECT_EQ(settings.systemd_interval, seconds(10));
}

TEST_F(Load, OptionsOutdoOrFillIn) {
    options_.pid_file = "given.pid";
    options_.daemonize = false;
    options_.prefix = folder_.path();
    EXPECT_EQ(global("").pid, folder_.path("given.pid"));
    EXPECT_EQ(global("pid = /own.pid").pid, "/own.pid");
    EXPECT_FALSE(global("daemonize = yes").daemonize);
    EXPECT_EQ(global("error_log = e").error_log, folder_.path("e"));
    EXPECT_EQ(pool("listen = x.sock").listen, folder_.path("x.sock"));
}

TEST_F(Load, BooleansOutOfVariablesAreRawText) {
    EXPECT_TRUE(pool("catch_workers_output = ${ANSWER}\n").catch_workers_output);
    EXPECT_FALSE(pool("clear_env = ${EMPTY}\n").clear_env);
    EXPECT_EQ(pool("pm.max_requests = ${COUNT}\n").pm_max_requests, 7);
    EXPECT_THAT(complaints("clear_env = ${SHOUT}\n"),
                ElementsAre(here(6) + "unable to parse value for entry 'clear_env': invalid boolean value",
                            not_loaded()));
}

TEST_F(Load, ErrorLevelsAreKnownWithoutPhp) {
    const PoolSettings settings = pool(
        "php_value[a] = E_ALL & ~E_DEPRECATED & ~E_STRICT\nphp_value[b] = PHP_VERSION\n"
        "php_value[c] = ${memory_limit}\n");
    EXPECT_EQ(settings.php_values[0].value, "22527");
    EXPECT_EQ(settings.php_values[1].value, "PHP_VERSION");
    EXPECT_EQ(settings.php_values[2].value, "");
}

TEST_F(Load, TheEvaluatorIsAskedOnlyForWhatPhpKnowsAndOnce) {
    std::vector<std::string> asked;
    options_.evaluator = [&asked](std::string_view expression) -> base::Result<std::string> {
        asked.emplace_back(expression);
        if (expression == "E_ALL") return std::string("30719");
        if (expression == "${memory_limit}") return std::string("128M");
        if (expression == "${home}") return std::string();
        return std::string(expression);
    };
    const PoolSettings settings = pool(
        "php_value[a] = E_ALL & 3\nphp_value[b] = E_ALL\nphp_value[c] = ${memory_limit}\n"
        "php_value[d] = ${HOME}\nphp_value[e] = 'E_ALL'\nphp_value[f] = ${home}\n"
        "php_value[g] = ON\nphp_value[h] = None\nphp_value[i] = 1|2\n");
    EXPECT_EQ(settings.php_values[0].value, "3");
    EXPECT_EQ(settings.php_values[1].value, "30719");
    EXPECT_EQ(settings.php_values[2].value, "128M");
    EXPECT_EQ(settings.php_values[3].value, "/root");
    EXPECT_THAT(asked, ElementsAre("E_ALL", "${memory_limit}", "${home}"));
}

TEST_F(Load, AFailingEvaluatorIsAnErrorOfItsLine) {
    options_.evaluator = [](std::string_view) {
        return base::Result<std::string>(base::Error{"no worker program"});
    };
    EXPECT_THAT(complaints("php_value[a] = E_ALL\n"),
                ElementsAre("ERROR: PHP:  cannot evaluate 'E_ALL': no worker program in " + options_.file +
                                " on line 6",
                            not_loaded()));
}

TEST_F(Load, FaultsNameTheFileAndItsLine) {
    EXPECT_THAT(complaints("\nslowlog = a=b\n"),
                ElementsAre("ERROR: PHP:  syntax error, unexpected '=' in " + options_.file + " on line 7",
                            not_loaded()));
    EXPECT_THAT(complaints("foo\n"),
                ElementsAre(here(6) + "value is NULL for a ZEND_INI_PARSER_ENTRY", not_loaded()));
}

TEST_F(Load, UnknownNamesComeWithTheNearestKnown) {
    EXPECT_THAT(complaints("pm.max_childern = 5\n"),
                ElementsAre(here(6) + "unknown entry 'pm.max_childern'",
                            here(6) + "the nearest known directive is 'pm.max_children'", not_loaded()));
    EXPECT_THAT(complaints("php_admin_valu[x] = 5\n"),
                ElementsAre(here(6) + "unknown directive 'php_admin_valu'",
                            here(6) + "the nearest known directive is 'php_admin_value'", not_loaded()));
    EXPECT_THAT(complaints("daemonize = yes\n"),
                ElementsAre(here(6) + "unknown entry 'daemonize'",
                            here(6) + "'daemonize' belongs to the section [global]", not_loaded()));
    EXPECT_THAT(complaints("[global]\nlisten = 9\n"),
                ElementsAre(here(7) + "unknown entry 'listen'",
                            here(7) + "'listen' belongs to the section of a pool", not_loaded()));
    EXPECT_THAT(complaints("env = x\n"),
                ElementsAre(here(6) + "unknown entry 'env'", here(6) + "'env' is written env[...] = value",
                            not_loaded()));
    EXPECT_THAT(complaints("nothing_like_it = x\n"),
                ElementsAre(here(6) + "unknown entry 'nothing_like_it'", not_loaded()));
    const std::string name(100'000, 'p');
    EXPECT_THAT(complaints(name + " = x\n"),
                ElementsAre(here(6) + "unknown entry '" + name + "'", not_loaded()));
}

TEST_F(Load, RejectedValuesAreToldInPhpFpmsWords) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"clear_env = 2", "unable to parse value for entry 'clear_env': invalid boolean value"},
        {"pm.max_children = 5k",
         "unable to parse value for entry 'pm.max_children': is not a valid number (greater or equal than "
         "zero)"},
        {"request_slowlog_timeout =",
         "unable to parse value for entry 'request_slowlog_timeout': invalid time value"},
        {"request_slowlog_timeout = 5w",
         "unable to parse value for entry 'request_slowlog_timeout': unknown suffix used in time value"},
        {"rlimit_core = -1",
         "unable to parse value for entry 'rlimit_core': must be greater than zero or 'unlimited'"},
        {"PM = x",
         "unable to parse value for entry 'pm': invalid process manager (static, dynamic or ondemand)"},
        {"[global]\rlog_level = x",
         "unable to parse value for entry 'log_level': invalid value for 'log_level'"},
        {"[global]\rsyslog.facility = x", "unable to parse value for entry 'syslog.facility': invalid value"},
        {"[global]\rpid = /$pool",
         "unable to parse value for entry 'pid': Can't use '$pool' when the pool is not defined"},
        {"php_flag[x] = maybe", "error while parsing 'php_flag[x]' : invalid boolean value"},
        {"env[] = x", "You must provide a key for field 'env'"},
        {"env[x] =", "empty value"},
        {"[global]\renv[x] = 1", "Array are not allowed in the global section"},
        {"access.suppress_path[x] = /a", "Keys provided to field 'access.suppress_path' are ignored"},
        {"access.suppress_path[] = a", "Values provided to field 'access.suppress_path' must begin with '/'"},
        {"include = a\rinclude = b", "two includes at the same time !"},
    };
    for (const auto& [line, text] : cases)
        EXPECT_THAT(complaints(line), ElementsAre(here(6) + text, not_loaded()));
}

TEST_F(Load, PoolsAreContinuedAndNamedInAnyCase) {
    const LoadResult result =
        load_text(std::string(sound_pool) +
                  "[b c]\nuser = x\nlisten = $pool-$pool\npm = static\npm.max_children = 1\n"
                  "env[P] = <$pool>\n[WWW]\npm.max_requests = 9\n");
    ASSERT_TRUE(result.settings.has_value());
    ASSERT_EQ(result.settings->pools.size(), 2U);
    EXPECT_EQ(result.settings->pools[0].pm_max_requests, 9);
    EXPECT_EQ(result.settings->pools[1].name, "b c");
    EXPECT_EQ(result.settings->pools[1].listen, "/usr/b c-b c");
    EXPECT_EQ(result.settings->pools[1].env[0].value, "<b c>");
}

TEST_F(Load, FilesThatCannotBeReadAreErrors) {
    options_.file = folder_.path("missing.conf");
    EXPECT_THAT(texts(load(options_)), ElementsAre("ERROR: failed to open configuration file '" +
                                                       options_.file + "': No such file or directory (2)",
                                                   not_loaded()));
    options_.file = folder_.path();
    EXPECT_THAT(texts(load(options_)), ElementsAre("ERROR: failed to open configuration file '" +
                                                       options_.file + "': Is a directory (21)",
                                                   not_loaded()));
    options_.file.clear();
    EXPECT_THAT(texts(load(options_)), ElementsAre("ERROR: configuration filename is empty"));
    options_.prefix = folder_.path("missing");
    EXPECT_THAT(texts(load(options_)), ElementsAre("ERROR: the global prefix '" + options_.prefix +
                                                   "' does not exist or is not a directory"));
}

TEST_F(Load, TwoThousandPoolsLoadWithoutDelay) {
    std::string content;
    for (int i = 0; i < 2000; ++i) {
        content +=
            "[pool" + std::to_string(i) +
            "]\nuser = www-data\nlisten = /run/$pool.sock\npm = dynamic\n"
            "pm.max_children = 5\npm.min_spare_servers = 1\npm.max_spare_servers = 3\npm.start_servers = 2\n"
            "php_admin_value[error_reporting] = E_ALL & ~E_DEPRECATED\nenv[NAME] = $HOME\n; a comment\n";
    }
    const std::clock_t start = std::clock();
    const LoadResult result = load_text(content);
    const std::clock_t used = std::clock() - start;
    ASSERT_TRUE(result.settings.has_value());
    EXPECT_EQ(result.settings->pools.size(), 2000U);
    EXPECT_LT(used, 10 * CLOCKS_PER_SEC)
        << "a release build takes a tenth of a second, sanitizers make it slow";
}

}  // namespace
}  // namespace phalanx::config::testing

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_test_support.hpp"

/// The rules about values that go together, in php-fpm's order and words.
namespace phalanx::config::testing {
namespace {

using ::testing::ElementsAre;

class Checks : public ::testing::Test {
  protected:
    LoadResult load_text(std::string_view content) {
        options_.file = folder_.write("main.conf", content);
        return load(options_);
    }
    LoadResult load_pool(std::string_view lines) {
        return load_text(std::string(sound_pool) + std::string(lines));
    }

    PoolSettings pool(std::string_view lines) {
        const LoadResult result = load_pool(lines);
        EXPECT_TRUE(result.settings.has_value()) << ::testing::PrintToString(texts(result));
        return result.settings ? result.settings->pools.at(0) : PoolSettings{};
    }

    /// The first line a file draws; the last must be that of the failed check.
    std::string complaint(std::string_view content) {
        const LoadResult result = load_text(content);
        const auto said = texts(result);
        EXPECT_FALSE(result.settings.has_value()) << content;
        EXPECT_EQ(said.size(), 2U) << content;
        EXPECT_EQ(said.back(), "ERROR: failed to post process the configuration");
        return said.front();
    }
    std::string pool_complaint(std::string_view lines) {
        return complaint(std::string(sound_pool) + std::string(lines));
    }

    TemporaryFolder folder_;
    LoadOptions options_ = plain_options(folder_.path("main.conf"));
};

TEST_F(Checks, GlobalSection) {
    EXPECT_EQ(complaint("log_limit = 511\nprocess.max = -1\n"), "ERROR: log_limit must be greater than 512");
    EXPECT_EQ(complaint("log_limit = 512\nprocess.max = -1\nprocess.priority = 21\n"),
              "ERROR: process_max can't be negative");
    EXPECT_EQ(complaint("process.priority = 21\nevents.mechanism = x\n"),
              "ERROR: process.priority must be included into [-19,20]");
    EXPECT_EQ(complaint("events.mechanism = kqueue\n"),
              "ERROR: event mechanism 'kqueue' is not available on this system");
    EXPECT_EQ(complaint("process.priority = -19\n"),
              "ERROR: No pool defined. at least one pool section must be specified in config file");
}

TEST_F(Checks, OwnDirectives) {
    EXPECT_EQ(pool_complaint("queue.max_length = 0\n"),
              "ERROR: [pool www] queue.max_length(0) must be between 1 and 2147483647");
    EXPECT_EQ(pool_complaint("queue.max_connections = -1\n"),
              "ERROR: [pool www] queue.max_connections(-1) must be between 0 and 2147483647");
    EXPECT_EQ(pool_complaint("request_header_timeout = 0\n"),
              "ERROR: [pool www] request_header_timeout(0) must be between 1 and 31536000 seconds");
    EXPECT_EQ(pool_complaint("queue.timeout = 400d\n"),
              "ERROR: [pool www] queue.timeout(34560000) must be between 0 and 31536000 seconds");
    EXPECT_EQ(pool_complaint("worker_program = php\n"),
              "ERROR: [pool www] the worker_program path 'php' must start with a '/'");
    const PoolSettings set = pool("queue.max_buffer = 2k\npm.max_memory = 128M\nqueue.timeout = 2m\n");
    EXPECT_EQ(set.queue_max_buffer.bytes, 2048);
    EXPECT_EQ(set.pm_max_memory.bytes, 128 << 20);
    EXPECT_EQ(set.queue_timeout, std::chrono::seconds(120));
    EXPECT_EQ(load_pool("pm.max_memory = 12X\n").settings, std::nullopt);
    EXPECT_EQ(load_pool("pm.max_memory = 99999999999G\n").settings, std::nullopt);
    EXPECT_EQ(load_text("reload.scope = some\n" + std::string(sound_pool)).settings, std::nullopt);
}

TEST_F(Checks, FirstRowsOfAPool) {
    EXPECT_EQ(complaint("[a]\nprefix = /nonexistent\n"),
              "ERROR: [pool a] the prefix '/nonexistent' does not exist or is not a directory");
    EXPECT_EQ(complaint("[a]\n"), "ALERT: [pool a] user has not been defined");
    EXPECT_EQ(complaint("[a]\nuser = x\n"), "ALERT: [pool a] no listen address have been defined!");
    EXPECT_EQ(complaint("[a]\nuser = x\nlisten = 9\nprocess.priority = -20\n"),
              "ERROR: [pool a] process.priority must be included into [-19,20]");
    EXPECT_EQ(complaint("[a]\nuser = x\nlisten = 9\n"),
              "ALERT: [pool a] the process manager is missing (static, dynamic or ondemand)");
    EXPECT_EQ(complaint("[a]\nuser = x\nlisten = 9\npm = static\n"),
              "ALERT: [pool a] pm.max_children must be a positive value");
    EXPECT_EQ(complaint("[a]\nuser = x\nlisten = 9\npm = static\npm.max_children = 16385\n"),
              "ALERT: [pool a] pm.max_children(16385) must not be greater than 16384");
}

TEST_F(Checks, AUserIsNeededByRootAlone) {
    options_.running_as_root = false;
    EXPECT_EQ(complaint("[a]\n"), "ALERT: [pool a] no listen address have been defined!");
    options_.running_as_root = true;
    options_.allow_root = true;
    EXPECT_EQ(complaint("[a]\n"), "ALERT: [pool a] no listen address have been defined!");
}

TEST_F(Checks, DynamicPools) {
    const std::string dynamic = "pm = dynamic\npm.max_children = 5\n";
    const auto complaint_of = [&](std::string_view lines) {
        return pool_complaint(dynamic + std::string(lines));
    };
    EXPECT_EQ(complaint_of(""), "ALERT: [pool www] pm.min_spare_servers(0) must be a positive value");
    EXPECT_EQ(complaint_of("pm.min_spare_servers = 6\n"),
              "ALERT: [pool www] pm.max_spare_servers(0) must be a positive value");
    EXPECT_EQ(complaint_of("pm.min_spare_servers = 6\npm.max_spare_servers = 1\n"),
              "ALERT: [pool www] pm.min_spare_servers(6) and pm.max_spare_servers(1) cannot be greater than "
              "pm.max_children(5)");
    EXPECT_EQ(complaint_of("pm.min_spare_servers = 2\npm.max_spare_servers = 1\n"),
              "ALERT: [pool www] pm.max_spare_servers(1) must not be less than pm.min_spare_servers(2)");
    EXPECT_EQ(complaint_of("pm.min_spare_servers = 2\npm.max_spare_servers = 4\npm.start_servers = 5\n"),
              "ALERT: [pool www] pm.start_servers(5) must not be less than pm.min_spare_servers(2) and not "
              "greater than "
              "pm.max_spare_servers(4)");
    EXPECT_EQ(complaint_of("pm.min_spare_servers = 2\npm.max_spare_servers = 4\npm.start_servers = 2\n"
                           "pm.max_spawn_rate = 0\n"),
              "ALERT: [pool www] pm.max_spawn_rate must be a positive value");
}

TEST_F(Checks, StartServersLieBetweenTheSpareCounts) {
    const LoadResult result =
        load_pool("pm = dynamic\npm.max_children = 5\npm.min_spare_servers = 2\npm.max_spare_servers = 5\n");
    ASSERT_TRUE(result.settings.has_value());
    EXPECT_EQ(result.settings->pools[0].pm_start_servers, 3);
    EXPECT_THAT(texts(result),
                ElementsAre("NOTICE: [pool www] pm.start_servers is not set. It's been set to 3."));
}

TEST_F(Checks, OndemandPools) {
    EXPECT_EQ(pool_complaint("pm = ondemand\npm.process_idle_timeout = 0\n"),
              "ALERT: [pool www] pm.process_idle_timeout(0s) must be greater than 0s");
    EXPECT_EQ(complaint("events.mechanism = poll\n" + std::string(sound_pool) + "pm = ondemand\n"),
              "ALERT: [pool www] ondemand process manager can ONLY be used when events.mechanism is either "
              "epoll (Linux) "
              "or kqueue (*BSD).");
    const LoadResult result = load_pool("pm = ondemand\nlisten.backlog = -4\n");
    ASSERT_TRUE(result.settings.has_value());
    EXPECT_EQ(result.settings->pools[0].listen_backlog, -1);
    EXPECT_THAT(
        texts(result),
        ElementsAre(
            "WARNING: [pool www] listen.backlog(-4) was too low for the ondemand process manager. I updated "
            "it for you to -1."));
}

TEST_F(Checks, StatusAndPing) {
    EXPECT_EQ(pool_complaint("pm.status_path = s\n"),
              "ERROR: [pool www] the status path 's' must start with a '/'");
    EXPECT_EQ(pool_complaint("pm.status_path = /\n"),
              "ERROR: [pool www] the status path '/' is not long enough");
    EXPECT_EQ(
        pool_complaint("ping.path = /a?\n"),
        "ERROR: [pool www] the ping path '/a?' must contain only the following characters '[alphanum]/_-.~'");
    EXPECT_EQ(pool_complaint("ping.path = /p\nping.response =\n"),
              "ERROR: [pool www] the ping response page '' is not long enough");
    EXPECT_EQ(pool_complaint("pm.status_listen =\n"),
              "ALERT: [pool www_status] no listen address have been defined!");

    const PoolSettings settings = pool("pm.status_listen = s.sock\nping.path = /p\n");
    EXPECT_EQ(settings.pm_status_path, "/");
    EXPECT_EQ(settings.pm_status_listen, "/usr/s.sock");
    EXPECT_EQ(settings.ping_response, "pong");
    EXPECT_EQ(pool("ping.response = x\n").ping_response, "") << "dropped without ping.path";
}

TEST_F(Checks, SlowLog) {
    EXPECT_EQ(pool_complaint("request_slowlog_timeout = 1\n"),
              "ERROR: [pool www] 'slowlog' must be specified for use with 'request_slowlog_timeout'");
    EXPECT_EQ(pool_complaint("request_slowlog_trace_depth = 5\n"),
              "ERROR: [pool www] 'slowlog' must be specified for use with 'request_slowlog_trace_depth'");
    EXPECT_EQ(pool_complaint("slowlog = s\nrequest_slowlog_trace_depth = -1\n"),
              "ERROR: [pool www] 'request_slowlog_trace_depth' (-1) must be a positive value");
    EXPECT_EQ(pool_complaint("slowlog = s\nrequest_slowlog_timeout = 5\nrequest_terminate_timeout = 2\n"),
              "ERROR: [pool www] 'request_slowlog_timeout' (5) can't be greater than "
              "'request_terminate_timeout' (2)");
}

TEST_F(Checks, LogsAreOpenedInPhpFpmsOrder) {
    std::vector<std::string> opened;
    options_.open_log = [&opened](const std::string& path) {
        opened.push_back(path);
        return base::Result<void>();
    };
    (void)load_text(
        "error_log = e\n" + std::string(sound_pool) +
        "access.log = a\nslowlog = s\nrequest_slowlog_timeout = 1\n[b]\nuser = x\nlisten = 9\npm = static\n"
        "pm.max_children = 1\nslowlog = never\n");
    EXPECT_THAT(opened, ElementsAre("/var/e", "/usr/s", "/usr/a"));
}

TEST_F(Checks, LogsThatCannotBeOpenedAreErrors) {
    options_.open_log = create_log_file;
    const std::string sound = "error_log = " + folder_.path("e") + "\n" + std::string(sound_pool);
    const std::string gone = folder_.path("missing/log");
    const std::string why = ": No such file or directory (2)";
    EXPECT_EQ(complaint("error_log = " + gone + "\n"),
              "ERROR: failed to open error_log (" + gone + ")" + why);
    EXPECT_EQ(complaint(sound + "slowlog = " + gone + "\nrequest_slowlog_timeout = 1\n"),
              "ERROR: Unable to create or open slowlog(" + gone + ")" + why);
    EXPECT_EQ(complaint(sound + "access.log = " + gone + "\n"),
              "ERROR: failed to open access log (" + gone + ")" + why);
    EXPECT_EQ(complaint(sound + "access.log =\n"), "ERROR: failed to open access log ()" + why);
    const auto mode = std::filesystem::status(folder_.path("e")).permissions();
    EXPECT_EQ(mode & std::filesystem::perms::all,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(Checks, AccessFormatsAreCheckedWhereThereIsALog) {
    options_.check_access_format = [](std::string_view) {
        return base::Result<void>(base::Error{"Invalid token"});
    };
    EXPECT_TRUE(load_pool("access.format = %Z\n").settings.has_value());
    EXPECT_THAT(texts(load_pool("access.log = /x\naccess.format = %Z\n")),
                ElementsAre("WARNING: Invalid token", "ERROR: [pool www] wrong format for access.format '%Z'",
                            "ERROR: failed to post process the configuration"));
}

TEST_F(Checks, Directories) {
    EXPECT_EQ(pool_complaint("chroot = /nonexistent\n"),
              "ERROR: [pool www] the chroot path '/nonexistent' does not exist or is not a directory");
    EXPECT_EQ(pool_complaint("chdir = /nonexistent\n"),
              "ERROR: [pool www] the chdir path '/nonexistent' does not exist or is not a directory");
    EXPECT_EQ(pool_complaint("chroot = /usr\nchdir = /none\n"),
              "ERROR: [pool www] the chdir path '/none' within the chroot path '/usr' ('/usr//none') does "
              "not exist or is "
              "not a directory");
    EXPECT_THAT(texts(load_pool("chroot = x$prefix\n")),
                ElementsAre("ERROR: '$prefix' must be use at the beginning of the value",
                            "ERROR: [pool www] the chroot path 'x$prefix' must start with a '/'",
                            "ERROR: failed to post process the configuration"));
    EXPECT_EQ(pool("chroot = $prefix/lib\n").chroot, "/usr//lib");
}

TEST_F(Checks, PhpValuesThatArePathsBecomeAbsolute) {
    const auto values = [this](std::string_view lines) {
        std::vector<std::string> all;
        const PoolSettings settings = pool(lines);
        for (const PhpValue& each : settings.php_values) all.push_back(each.value);
        return all;
    };
    const std::string lines =
        "php_value[error_log] = x\nphp_admin_value[ERROR_LOG] = Syslog\n"
        "php_value[error_log] = syslog\nphp_value[include_path] = x\n";
    EXPECT_THAT(values("prefix = /tmp\n" + lines), ElementsAre("/tmp/x", "Syslog", "/tmp/syslog", "x"));
    EXPECT_THAT(values("chroot = /usr\n" + lines), ElementsAre("x", "Syslog", "syslog", "x"));
}

TEST_F(Checks, AddressesBelongToOnePoolEach) {
    const std::string more = "user = x\npm = static\npm.max_children = 1\n";
    const std::string taken = " unable to set listen address as it's already used in another pool ";
    EXPECT_EQ(pool_complaint("[b]\nlisten = 9\n" + more + "[c]\nlisten = 9\n" + more +
                             "[d]\nlisten = /tmp/www.sock\n" + more),
              "ERROR: [pool d]" + taken + "'www'");
    EXPECT_EQ(pool_complaint("pm.status_listen = 7\n[b]\nlisten = 7\n" + more),
              "ERROR: [pool www_status]" + taken + "'b'");
    EXPECT_EQ(pool_complaint("pm.status_listen = ../tmp/www.sock\nprefix =\nlisten = /../tmp/www.sock\n"),
              "ERROR: [pool www_status]" + taken + "'www'");
    EXPECT_TRUE(load_pool("[b]\nlisten = localhost:9\n" + more + "[c]\nlisten = LOCALHOST:9\n" + more)
                    .settings.has_value());
}

}  // namespace
}  // namespace phalanx::config::testing

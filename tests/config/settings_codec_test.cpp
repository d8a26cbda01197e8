#include "phalanx/config/settings_codec.hpp"

#include <gtest/gtest.h>

#include "config_test_support.hpp"
#include "directives.hpp"

namespace phalanx::config::testing {
namespace {

/// A value for the directive that is not its default.
std::string some_value(std::string_view name) {
    if (name == "pm") return "dynamic";
    if (name == "pm.max_children") return "9";
    if (name == "pm.max_spare_servers" || name == "pm.start_servers") return "3";
    if (name == "pm.min_spare_servers") return "2";
    if (name == "log_level") return "error";
    if (name == "reload.scope") return "changed";
    if (name == "worker_program") return "/usr/bin/true";
    if (name == "syslog.facility") return "LOCAL3";
    if (name == "events.mechanism") return "epoll";
    if (name == "rlimit_core") return "unlimited";
    for (const char* path : {"pm.status_path", "ping.path", "access.suppress_path"}) {
        if (name == path) return "/" + std::string(name);
    }
    for (const char* folder : {"chroot", "chdir", "prefix"}) {
        if (name == folder) return "/";
    }
    for (const char* flag : {"log_buffering", "daemonize", "decorate_workers_output", "clear_env"}) {
        if (name == flag) return "no";
    }
    for (const char* flag :
         {"process.dumpable", "catch_workers_output", "request_terminate_timeout_track_finished"}) {
        if (name == flag) return "yes";
    }
    const bool is_number = name.find("timeout") != name.npos || name.find("limit_files") != name.npos ||
                           name.find("emergency") != name.npos || name.find("interval") != name.npos ||
                           name == "process.max" || name == "process.priority" || name == "listen.backlog" ||
                           name == "pm.max_spawn_rate" || name == "pm.max_requests" ||
                           name == "request_slowlog_trace_depth" || name.starts_with("queue.") ||
                           name == "pm.max_memory" || name == "pm.max_lifetime";
    if (name == "request_terminate_timeout") return "18";
    if (name == "log_limit") return "777";
    return is_number ? "17" : "text-of-" + std::string(name);
}

TEST(SettingsCodec, CarriesEveryDirective) {
    std::string text = "[global]\n";
    for (const GlobalDirective& directive : global_directives())
        text += std::string(directive.name) + " = " + some_value(directive.name) + "\n";
    text += "[www]\n";
    for (const PoolDirective& directive : pool_directives()) {
        if (directive.name == "access.suppress_path") {
            text += "access.suppress_path[] = /a\n";
        } else if (is_keyed(directive)) {
            text += std::string(directive.name) + "[k] = 1\n";
        } else {
            text += std::string(directive.name) + " = " + some_value(directive.name) + "\n";
        }
    }
    const TemporaryFolder folder;
    const LoadResult loaded = load(plain_options(folder.write("main.conf", text)));
    ASSERT_TRUE(loaded.settings.has_value()) << text << ::testing::PrintToString(texts(loaded));
    Settings before = *loaded.settings;
    before.global.watchdog_interval = std::chrono::milliseconds(1500);
    const auto after = decode(encode(before));
    ASSERT_TRUE(after) << after.error().text();
    EXPECT_EQ(after->file, before.file);
    EXPECT_EQ(dump(*after), dump(before));
    EXPECT_EQ(after->global.written, before.global.written);
    EXPECT_EQ(after->global.watchdog_interval, before.global.watchdog_interval);
    ASSERT_EQ(after->pools.size(), 1U);
    const PoolSettings& pool = after->pools[0];
    EXPECT_EQ(pool.name, "www");
    EXPECT_EQ(pool.written, before.pools[0].written);
    EXPECT_EQ(pool.apparmor_hat, "text-of-apparmor_hat");
    EXPECT_TRUE(pool.listen_allowed_clients_set);
    EXPECT_EQ(pool.php_values.size(), 4U);
    EXPECT_EQ(pool.env.size(), 1U);
}

TEST(SettingsCodec, RefusesDamagedBytes) {
    const TemporaryFolder folder;
    const LoadResult loaded = load(plain_options(folder.write("main.conf", sound_pool)));
    ASSERT_TRUE(loaded.settings.has_value());
    auto bytes = encode(*loaded.settings);
    bytes.pop_back();
    EXPECT_FALSE(decode(bytes));
}

}  // namespace
}  // namespace phalanx::config::testing

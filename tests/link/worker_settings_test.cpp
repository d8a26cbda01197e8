#include "phalanx/link/worker_settings.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "phalanx/link/messages.hpp"

namespace phalanx::link {
namespace {

/// Every field with a value that no other one has and that is not its default.
WorkerSettings filled() {
    WorkerSettings s;
    s.pool = "www";
    s.process_manager = "dynamic";
    s.slots = 40;
    s.master_pid = 4711;
    s.change_identity = 1;
    s.identity = {33, 34, {34, 100, 4}, "www-data", "/var/www"};
    s.chroot = "/srv/jail";
    s.chdir = "/htdocs";
    s.rlimit_files = 1024;
    s.rlimit_core = -1;
    s.priority = -7;
    s.dumpable = 2;
    s.apparmor_hat = "hat";
    s.ini_path = "/etc/php/8.2/fpm/php.ini";
    s.ignore_ini = 3;
    s.extended_info = 4;
    s.ini_defines = {"a=1", "", "b"};
    s.php_values = {{1, "memory_limit", "64M"}, {0, "empty", ""}};
    s.limit_extensions = {".php", ".phar"};
    s.clear_env = 5;
    s.environment = {{0, "PATH", std::string("with\0zero", 9)}};
    s.traces = 9;
    s.capture_output = 7;
    s.max_requests = 500;
    s.status_path = "/status";
    s.ping_path = "/ping";
    s.ping_response = "pong";
    s.access_format = "%R %u";
    s.access_suppress_paths = {"/health"};
    s.check_clients = 6;
    s.allowed_clients = "127.0.0.1,::1";
    s.body_timeout = std::chrono::seconds(61);
    s.write_timeout = std::chrono::seconds(62);
    return s;
}

void expect_same(const std::vector<WorkerSettings::Value>& a, const std::vector<WorkerSettings::Value>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].admin, b[i].admin);
        EXPECT_EQ(a[i].name, b[i].name);
        EXPECT_EQ(a[i].value, b[i].value);
    }
}

TEST(WorkerSettings, EveryFieldSurvivesTheWay) {
    const WorkerSettings before = filled();
    const auto decoded = decode(encode(before));
    ASSERT_TRUE(decoded);
    const WorkerSettings& after = *decoded;
    EXPECT_EQ(after.pool, before.pool);
    EXPECT_EQ(after.process_manager, before.process_manager);
    EXPECT_EQ(after.slots, before.slots);
    EXPECT_EQ(after.master_pid, before.master_pid);
    EXPECT_EQ(after.change_identity, before.change_identity);
    EXPECT_EQ(after.identity.uid, before.identity.uid);
    EXPECT_EQ(after.identity.gid, before.identity.gid);
    EXPECT_EQ(after.identity.groups, before.identity.groups);
    EXPECT_EQ(after.identity.user, before.identity.user);
    EXPECT_EQ(after.identity.home, before.identity.home);
    EXPECT_EQ(after.chroot, before.chroot);
    EXPECT_EQ(after.chdir, before.chdir);
    EXPECT_EQ(after.rlimit_files, before.rlimit_files);
    EXPECT_EQ(after.rlimit_core, before.rlimit_core);
    EXPECT_EQ(after.priority, before.priority);
    EXPECT_EQ(after.dumpable, before.dumpable);
    EXPECT_EQ(after.apparmor_hat, before.apparmor_hat);
    EXPECT_EQ(after.ini_path, before.ini_path);
    EXPECT_EQ(after.ignore_ini, before.ignore_ini);
    EXPECT_EQ(after.extended_info, before.extended_info);
    EXPECT_EQ(after.ini_defines, before.ini_defines);
    expect_same(after.php_values, before.php_values);
    EXPECT_EQ(after.limit_extensions, before.limit_extensions);
    EXPECT_EQ(after.clear_env, before.clear_env);
    expect_same(after.environment, before.environment);
    EXPECT_EQ(after.traces, before.traces);
    EXPECT_EQ(after.capture_output, before.capture_output);
    EXPECT_EQ(after.max_requests, before.max_requests);
    EXPECT_EQ(after.status_path, before.status_path);
    EXPECT_EQ(after.ping_path, before.ping_path);
    EXPECT_EQ(after.ping_response, before.ping_response);
    EXPECT_EQ(after.access_format, before.access_format);
    EXPECT_EQ(after.access_suppress_paths, before.access_suppress_paths);
    EXPECT_EQ(after.check_clients, before.check_clients);
    EXPECT_EQ(after.allowed_clients, before.allowed_clients);
    EXPECT_EQ(after.body_timeout, before.body_timeout);
    EXPECT_EQ(after.write_timeout, before.write_timeout);
}

TEST(WorkerSettings, DefaultsSurviveTheWay) {
    const auto bytes = encode(WorkerSettings{});
    const auto decoded = decode(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->priority, WorkerSettings::no_priority);
    EXPECT_EQ(encode(*decoded), bytes);
}

TEST(WorkerSettings, EveryTruncationIsAnError) {
    const auto bytes = encode(filled());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        // A copy of exactly that size, so that a read past its end is seen.
        const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(decode(cut)) << size;
    }
}

TEST(WorkerSettings, BytesTooManyAreAnError) {
    auto bytes = encode(filled());
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(decode(bytes));
}

TEST(WorkerSettings, CountsBeyondTheBytesAreAnError) {
    auto bytes = encode(filled());
    // The first field is a string's length.
    std::fill_n(bytes.begin() + sizeof interface_version, sizeof(std::uint64_t), std::byte{0xFF});
    EXPECT_FALSE(decode(bytes));
}

TEST(WorkerSettings, AnotherReleasesAreRefused) {
    auto bytes = encode(filled());
    const std::uint32_t other = interface_version + 41;
    std::memcpy(bytes.data(), &other, sizeof other);
    const auto decoded = decode(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().text(), "this worker program speaks version " +
                                          std::to_string(interface_version) + " of the link, the master " +
                                          std::to_string(other) + ": install both of one release");
}

TEST(WorkerSettings, CorruptionNeverDoesMoreThanFailOrDecode) {
    const auto bytes = encode(filled());
    std::mt19937 random(20240229);  // the same sequence in every run
    std::size_t refused = 0;
    constexpr int rounds = 20'000;
    for (int round = 0; round < rounds; ++round) {
        auto damaged = bytes;
        for (auto count = 1 + random() % 4; count > 0; --count) {
            damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        }
        const auto decoded = decode(damaged);
        if (!decoded) {
            ++refused;
        } else {
            // What decodes is exactly what the bytes say.
            EXPECT_EQ(encode(*decoded), damaged);
        }
    }
    EXPECT_GT(refused, 0U);
    EXPECT_LT(refused, static_cast<std::size_t>(rounds));
}

}  // namespace
}  // namespace phalanx::link

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/identity.hpp"

namespace phalanx::link {

/// Everything a template and its workers need of the configuration, resolved by the master: numbers for
/// users, absolute paths, looked-up environment values.
struct WorkerSettings {
    struct Value {
        std::uint32_t admin = 0;  ///< 1: php_admin_value, 0: php_value
        std::string name, value;
    };

    std::string pool;
    std::string process_manager;  ///< "static", "dynamic" or "ondemand", for the status page
    std::uint64_t slots = 0;
    std::int64_t master_pid = 0;

    // who and where
    std::uint32_t change_identity = 0;  ///< 1: become `identity`; 0: stay who we are
    os::Identity identity;
    std::string chroot, chdir;
    std::int64_t rlimit_files = 0, rlimit_core = 0;  ///< 0: leave
    std::int64_t priority = no_priority;
    std::uint32_t dumpable = 0;
    std::string apparmor_hat;  ///< empty: none
    static constexpr std::int64_t no_priority = 1000;

    // PHP
    std::string ini_path;
    std::uint32_t ignore_ini = 0;
    std::uint32_t extended_info = 0;
    std::vector<std::string> ini_defines;
    std::vector<Value> php_values;
    std::vector<std::string> limit_extensions;
    std::uint32_t clear_env = 1;
    std::vector<Value> environment;

    // requests
    std::uint32_t traces = 0;  ///< 1: workers hand their template what it needs to look at their stacks
    std::uint32_t capture_output = 0;  ///< 1: the master reads the workers' standard output and error
    std::uint64_t log_limit = 1024;    ///< characters of a message, as the directive
    std::uint32_t log_level = 1;       ///< as log::Level counts them, 0 debug to 4 alert
    std::uint64_t max_requests = 0, max_memory = 0, max_lifetime_ms = 0;  ///< of one worker; 0: any
    std::string status_path, ping_path, ping_response;
    std::string access_format;
    std::vector<std::string> access_suppress_paths;
    std::uint32_t check_clients = 0;
    std::string allowed_clients;
    std::chrono::seconds body_timeout{60}, write_timeout{60};  ///< request_body_timeout, response_...
};

/// The settings as bytes, for the memfd that the template gets; interface_version is in front of them.
[[nodiscard]] std::vector<std::byte> encode(const WorkerSettings& settings);
/// Error: they are damaged, or a master of another release made them.
[[nodiscard]] base::Result<WorkerSettings> decode(std::span<const std::byte> bytes);

/// The most bytes decode() is ever given.
inline constexpr std::size_t max_settings_bytes = 16 * 1024 * 1024;

}  // namespace phalanx::link

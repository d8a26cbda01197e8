#include "configuration.hpp"

#include <unistd.h>

#include <optional>
#include <string>

#include "phalanx/log/access_log.hpp"
#include "phalanx/os/identity.hpp"
#include "worker_program.hpp"

namespace phalanx::app {
namespace {

constexpr const char* own_config = "/etc/phalanx/phalanx.conf";
constexpr const char* fpm_config = "/etc/php/8.2/fpm/php-fpm.conf";

/// -y, else what php.ini or -d says of fpm.config, else what is there. A test asks PHP in any case, to hear
/// what it has to say of php.ini.
base::Result<std::string> config_file(const CommandLine& line, PhpEvaluator& evaluator) {
    if (!line.config_file.empty() && line.tests == 0) return line.config_file;
    auto configured = evaluator.evaluate("${fpm.config}");
    if (!configured) return configured.error();
    if (!line.config_file.empty()) return line.config_file;
    if (!configured->empty()) return configured;
    if (!line.prefix.empty()) return line.prefix + "/etc/php-fpm.conf";
    return std::string(::access(own_config, F_OK) == 0 ? own_config : fpm_config);
}

config::IdentityLookup identity_lookup() {
    config::IdentityLookup lookup;
    lookup.user = [](const std::string& name) -> std::optional<config::IdentityLookup::User> {
        const auto entry = os::find_user(name);
        if (!entry) return std::nullopt;
        return config::IdentityLookup::User{entry->uid, entry->gid};
    };
    lookup.primary_group = [](uid_t uid) -> std::optional<gid_t> {
        const auto entry = os::find_user(uid);
        if (!entry) return std::nullopt;
        return entry->gid;
    };
    lookup.group = [](const std::string& name) { return os::find_group(name); };
    return lookup;
}

}  // namespace

config::LoadResult read_configuration(const CommandLine& line, config::Purpose purpose) {
    PhpEvaluator evaluator(line);
    config::LoadOptions options;
    auto file = config_file(line, evaluator);
    if (!file) return {{}, {}, {{config::LogLevel::error, file.error().text()}}, {}};
    options.file = *std::move(file);
    options.prefix = line.prefix;
    options.pid_file = line.pid_file;
    options.daemonize = line.daemonize;
    options.purpose = purpose;
    options.running_as_root = ::geteuid() == 0;
    options.allow_root = line.allow_root;
    options.evaluator = [&evaluator](std::string_view expression) { return evaluator.evaluate(expression); };
    options.identities = identity_lookup();
    options.open_log = config::create_log_file;
    options.check_access_format = [](std::string_view format) -> base::Result<void> {
        const auto parsed = log::AccessFormat::parse(format);
        if (!parsed) return parsed.error();
        return {};
    };
    return config::load(options);
}

}  // namespace phalanx::app

#include "phalanx/config/load.hpp"

#include <fmt/format.h>

#include "checks.hpp"
#include "file_loader.hpp"
#include "paths.hpp"
#include "phalanx/os/descriptor.hpp"
#include "value_resolver.hpp"

namespace phalanx::config {
namespace {

bool check(Settings& settings, const CheckContext& context, LoadResult& result) {
    if (!check_error_log(settings.global, context)) return false;
    result.log = settings.global;
    return check_settings(settings, context);
}

bool load_into(Settings& settings, const LoadOptions& options, Report& report, LoadResult& result) {
    if (!options.prefix.empty() && !is_directory(options.prefix)) {
        return report.fail(
            fmt::format("the global prefix '{}' does not exist or is not a directory", options.prefix));
    }
    if (options.file.empty()) return report.fail("configuration filename is empty");
    ValueResolver resolver(options.evaluator, options.environment);
    const ValueSource source = resolver.source();
    const CheckContext context{options, report,
                               [&resolver](const std::string& name) { return resolver.environment(name); }};
    settings.file = options.file;
    settings.global.pid = options.pid_file;
    FileLoader loader(settings, source, context.base_dir(), report);
    if (!loader.read_file(options.file)) {
        return report.fail(fmt::format("failed to load configuration file '{}'", options.file));
    }
    if (!check(settings, context, result)) return report.fail("failed to post process the configuration");
    return check_identities(settings, context);
}

}  // namespace

LoadResult load(const LoadOptions& options) {
    Report report;
    Settings settings;
    LoadResult result;
    if (load_into(settings, options, report, result)) result.settings = std::move(settings);
    result.before_error_log = report.marked();
    result.diagnostics = report.take();
    return result;
}

base::Result<void> create_log_file(const std::string& path) {
    const auto file = os::open_for_append(path);
    if (!file) return base::system_error("cannot open " + path, file.error().code);
    return {};
}

}  // namespace phalanx::config

#include <syslog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <utility>

#include "phalanx/base/parse.hpp"
#include "value_text.hpp"

namespace phalanx::config {
namespace {

using base::Error;
using base::Result;
using std::chrono::seconds;

Error not_a_number() {
    return {"is not a valid number (greater or equal than zero)"};
}

/// A boolean is "1" or empty once the scanner is through with it; quoted words and those out of "${NAME}"
/// arrive as they are.
Result<bool> boolean(std::string_view text) {
    constexpr std::array yes{"1", "yes", "true", "on"};
    constexpr std::array no{"", "0", "no", "none", "false", "off"};
    if (std::find(yes.begin(), yes.end(), text) != yes.end()) return true;
    if (std::find(no.begin(), no.end(), text) != no.end()) return false;
    return Error{"invalid boolean value"};
}

Result<void> read(std::string& home, std::string_view text) {
    home = text;
    return {};
}

Result<void> read(bool& home, std::string_view text) {
    const auto value = boolean(text);
    if (!value) return value.error();
    home = *value;
    return {};
}

Result<void> read(std::int64_t& home, std::string_view text) {
    const auto number = base::parse_integer(text);
    if (!number) return not_a_number();
    home = *number;
    return {};
}

Result<void> read(std::optional<int>& home, std::string_view text) {
    using Limits = std::numeric_limits<int>;
    const auto number = base::parse_integer(text);
    if (!number) return not_a_number();
    home = static_cast<int>(std::clamp<std::int64_t>(*number, Limits::min(), Limits::max()));
    return {};
}

Result<void> read(seconds& home, std::string_view text) {
    if (text.empty()) return Error{"invalid time value"};
    const auto time = base::parse_seconds(text);
    if (!time) return Error{"unknown suffix used in time value"};
    home = *time;
    return {};
}

Result<void> read(ResourceLimit& home, std::string_view text) {
    if (base::equal_ignoring_case(text, "unlimited")) {
        home.value = ResourceLimit::unlimited;
        return {};
    }
    const auto number = base::parse_integer(text);
    if (!number) return not_a_number();
    // (A number beyond all bounds is read as the greatest.)
    if (*number < 0 || *number == std::numeric_limits<std::int64_t>::max())
        return Error{"must be greater than zero or 'unlimited'"};
    home.value = *number;
    return {};
}

/// Digits and an optional K, M or G, as php.ini writes sizes.
Result<void> read(ByteSize& home, std::string_view text) {
    constexpr std::string_view units = "KMG";
    int shift = 0;
    std::string_view digits = text;
    if (!text.empty()) {
        const auto upper = static_cast<char>(std::toupper(static_cast<unsigned char>(text.back())));
        if (const std::size_t unit = units.find(upper); unit != std::string_view::npos) {
            shift = static_cast<int>(unit + 1) * 10;
            digits.remove_suffix(1);
        }
    }
    const auto number = base::parse_unsigned(digits);
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!number || *number > most >> shift) return Error{"is not a size (digits, then K, M or G if any)"};
    home.bytes = static_cast<std::int64_t>(*number << shift);
    return {};
}

Result<void> read(ReloadScope& home, std::string_view text) {
    const bool changed = base::equal_ignoring_case(text, "changed");
    if (!changed && !base::equal_ignoring_case(text, "all")) return Error{"must be 'all' or 'changed'"};
    home = changed ? ReloadScope::changed : ReloadScope::all;
    return {};
}

Result<void> read(std::optional<LogLevel>& home, std::string_view text) {
    constexpr std::array<std::pair<std::string_view, LogLevel>, 6> levels{{{"debug", LogLevel::debug},
                                                                           {"notice", LogLevel::notice},
                                                                           {"warning", LogLevel::warning},
                                                                           {"warn", LogLevel::warning},
                                                                           {"error", LogLevel::error},
                                                                           {"alert", LogLevel::alert}}};
    for (const auto& [name, level] : levels) {
        if (!base::equal_ignoring_case(text, name)) continue;
        home = level;
        return {};
    }
    return Error{"invalid value for 'log_level'"};
}

Result<void> read(ProcessManager& home, std::string_view text) {
    constexpr std::array<std::pair<std::string_view, ProcessManager>, 3> managers{
        {{"static", ProcessManager::static_size},
         {"dynamic", ProcessManager::dynamic},
         {"ondemand", ProcessManager::ondemand}}};
    for (const auto& [name, manager] : managers) {
        if (!base::equal_ignoring_case(text, name)) continue;
        home = manager;
        return {};
    }
    return Error{"invalid process manager (static, dynamic or ondemand)"};
}

/// A facility of syslog(3), without its "LOG_".
Result<void> read(int& home, std::string_view text) {
    constexpr std::array<std::pair<std::string_view, int>, 20> facilities{
        {{"AUTH", LOG_AUTH},     {"AUTHPRIV", LOG_AUTHPRIV}, {"CRON", LOG_CRON},     {"DAEMON", LOG_DAEMON},
         {"FTP", LOG_FTP},       {"KERN", LOG_KERN},         {"LPR", LOG_LPR},       {"MAIL", LOG_MAIL},
         {"NEWS", LOG_NEWS},     {"SYSLOG", LOG_SYSLOG},     {"USER", LOG_USER},     {"UUCP", LOG_UUCP},
         {"LOCAL0", LOG_LOCAL0}, {"LOCAL1", LOG_LOCAL1},     {"LOCAL2", LOG_LOCAL2}, {"LOCAL3", LOG_LOCAL3},
         {"LOCAL4", LOG_LOCAL4}, {"LOCAL5", LOG_LOCAL5},     {"LOCAL6", LOG_LOCAL6}, {"LOCAL7", LOG_LOCAL7}}};
    for (const auto& [name, number] : facilities) {
        if (!base::equal_ignoring_case(text, name)) continue;
        home = number;
        return {};
    }
    return Error{"invalid value"};
}

/// A list divided by blanks.
Result<void> read(std::vector<std::string>& home, std::string_view text) {
    home.clear();
    while (true) {
        text = base::trim(text);
        if (text.empty()) return {};
        const std::size_t length = std::min(text.find_first_of(" \t"), text.size());
        home.emplace_back(text.substr(0, length));
        text.remove_prefix(length);
    }
}

}  // namespace

Result<std::string> expand_pool_name(std::string_view text, const std::string* pool) {
    constexpr std::string_view variable = "$pool";
    std::string expanded;
    for (std::size_t at = text.find(variable); at != std::string_view::npos; at = text.find(variable)) {
        if (pool == nullptr) return Error{"Can't use '$pool' when the pool is not defined"};
        expanded.append(text.substr(0, at)).append(*pool);
        text.remove_prefix(at + variable.size());
    }
    return expanded.append(text);
}

Result<void> store(GlobalSettings& settings, const GlobalDirective& directive, std::string_view text) {
    return std::visit([&](auto member) { return read(settings.*member, text); }, directive.home);
}

Result<void> store(PoolSettings& settings, const PoolDirective& directive, std::string_view text) {
    return std::visit(
        [&](auto home) -> Result<void> {
            if constexpr (requires { read(settings.*home, text); }) return read(settings.*home, text);
            base::panic("a keyed directive has no value of its own");
        },
        directive.home);
}

Result<void> store_keyed(PoolSettings& settings, const PoolDirective& directive, std::string_view key,
                         std::string_view text) {
    if (const auto* php = std::get_if<PhpValueHome>(&directive.home)) {
        std::string value(text);
        if (php->is_flag) {
            const auto flag = boolean(text);
            if (!flag) return flag.error();
            value = *flag ? "1" : "0";
        }
        settings.php_values.push_back({php->kind, std::string(key), std::move(value)});
        return {};
    }
    if (const auto* list = std::get_if<std::vector<std::string> PoolSettings::*>(&directive.home)) {
        (settings.**list).emplace_back(text);
        return {};
    }
    const auto* entries = std::get_if<std::vector<NamedValue> PoolSettings::*>(&directive.home);
    if (entries == nullptr) base::panic("a directive without a key was given one");
    (settings.**entries).push_back({std::string(key), std::string(text), std::string(text)});
    return {};
}

}  // namespace phalanx::config

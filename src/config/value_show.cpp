#include <fmt/format.h>

#include "phalanx/config/dump.hpp"
#include "value_text.hpp"

namespace phalanx::config {
namespace {

std::string text_of(bool value) {
    return value ? "yes" : "no";
}
std::string text_of(std::int64_t value) {
    return std::to_string(value);
}
std::string text_of(int value) {
    return std::to_string(value);
}
std::string text_of(std::chrono::seconds value) {
    return fmt::format("{}s", value.count());
}
std::string text_of(const std::optional<int>& value) {
    return value ? std::to_string(*value) : "undefined";
}
std::string text_of(const ResourceLimit& value) {
    return std::to_string(value.value);
}

/// php-fpm looks for the name of "not set" and finds none.
std::string text_of(const std::optional<LogLevel>& value) {
    return value ? std::string(level_name(*value)) : "unknown value";
}

std::string text_of(const ByteSize& value) {
    return std::to_string(value.bytes);
}
std::string text_of(ReloadScope value) {
    return value == ReloadScope::all ? "all" : "changed";
}

std::string text_of(ProcessManager value) {
    switch (value) {
        case ProcessManager::static_size:
            return "static";
        case ProcessManager::dynamic:
            return "dynamic";
        case ProcessManager::ondemand:
            return "ondemand";
    }
    base::panic("a process manager without a name");
}

/// Appends what is shown of one directive, by the type of its home.
template <typename Settings, typename Row>
struct DumpOf {
    const Settings& settings;
    const Row& row;
    std::vector<std::string>& lines;

    void operator()(std::string Settings::*home) const {
        const auto written = settings.written.find(row.name);
        const bool is_set = written != settings.written.end();
        if (row.shown == Shown::written && is_set) return add(row.name, written->second);
        add(row.name, is_set || !(settings.*home).empty() ? settings.*home : "undefined");
    }

    void operator()(std::chrono::seconds Settings::*home) const {
        add(row.name, row.shown == Shown::bare ? text_of((settings.*home).count()) : text_of(settings.*home));
    }

    void operator()(std::vector<std::string> Settings::*home) const {
        const auto written = settings.written.find(row.name);
        if (row.shown == Shown::written) {
            return add(row.name, written == settings.written.end() ? row.fallback : written->second);
        }
        const auto& list = settings.*home;
        for (auto item = list.rbegin(); item != list.rend(); ++item)
            add(fmt::format("{}[]", row.name), *item);
    }

    void operator()(std::vector<NamedValue> Settings::*home) const {
        const auto& list = settings.*home;
        for (auto item = list.rbegin(); item != list.rend(); ++item)
            add(element(row.name, item->name), item->written);
    }

    void operator()(const PhpValueHome& home) const {
        if (home.is_flag) return;  // flags stand among the values of their kind
        const auto& list = settings.php_values;
        for (auto item = list.rbegin(); item != list.rend(); ++item) {
            if (item->kind == home.kind) add(element(row.name, item->name), item->value);
        }
    }

    template <typename Value>
    void operator()(Value Settings::*home) const {
        add(row.name, text_of(settings.*home));
    }

  private:
    static std::string element(std::string_view name, std::string_view key) {
        return fmt::format("{}[{}]", name, key);
    }
    void add(std::string_view name, std::string_view value) const {
        lines.push_back(fmt::format("\t{} = {}", name, value));
    }
};

struct TypeName {
    template <typename S>
    std::string_view operator()(std::string S::*) const {
        return "text";
    }
    template <typename S>
    std::string_view operator()(bool S::*) const {
        return "boolean";
    }
    template <typename S>
    std::string_view operator()(std::int64_t S::*) const {
        return "number";
    }
    template <typename S>
    std::string_view operator()(std::chrono::seconds S::*) const {
        return "time";
    }
    template <typename S>
    std::string_view operator()(std::optional<int> S::*) const {
        return "number";
    }
    template <typename S>
    std::string_view operator()(ResourceLimit S::*) const {
        return "number or `unlimited`";
    }
    std::string_view operator()(ByteSize PoolSettings::*) const { return "size"; }
    std::string_view operator()(ReloadScope GlobalSettings::*) const { return "word"; }
    std::string_view operator()(std::optional<LogLevel> GlobalSettings::*) const { return "level"; }
    std::string_view operator()(int GlobalSettings::*) const { return "facility"; }
    std::string_view operator()(ProcessManager PoolSettings::*) const { return "word"; }
    std::string_view operator()(std::vector<std::string> PoolSettings::*) const { return "list"; }
    std::string_view operator()(std::vector<NamedValue> PoolSettings::*) const { return "text"; }
    std::string_view operator()(const PhpValueHome& home) const { return home.is_flag ? "boolean" : "text"; }
};

template <typename Settings, typename Row>
bool is_shown(const Settings& settings, const Row& row) {
    if (row.shown == Shown::never) return false;
    return !is_own(row) || settings.written.contains(row.name);
}

}  // namespace

std::string_view level_name(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "DEBUG";
        case LogLevel::notice:
            return "NOTICE";
        case LogLevel::warning:
            return "WARNING";
        case LogLevel::error:
            return "ERROR";
        case LogLevel::alert:
            return "ALERT";
    }
    base::panic("a level without a name");
}

void show(const GlobalSettings& settings, const GlobalDirective& directive, std::vector<std::string>& lines) {
    if (!is_shown(settings, directive)) return;
    std::visit(DumpOf<GlobalSettings, GlobalDirective>{settings, directive, lines}, directive.home);
}

void show(const PoolSettings& settings, const PoolDirective& directive, std::vector<std::string>& lines) {
    if (!is_shown(settings, directive)) return;
    std::visit(DumpOf<PoolSettings, PoolDirective>{settings, directive, lines}, directive.home);
}

std::string_view type_name(const GlobalDirective& directive) {
    return std::visit(TypeName{}, directive.home);
}

std::string_view type_name(const PoolDirective& directive) {
    return std::visit(TypeName{}, directive.home);
}

}  // namespace phalanx::config

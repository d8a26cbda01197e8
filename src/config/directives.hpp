#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "phalanx/config/settings.hpp"

namespace phalanx::config {

/// Entries of PoolSettings::php_values; a flag's value is a boolean.
struct PhpValueHome {
    PhpValue::Kind kind;
    bool is_flag;
};

/// Where a directive's value lives. The alternative is the directive's type: it says how the text is read
/// (value_text.cpp), shown by the dump and called in the documentation.
using GlobalHome =
    std::variant<std::string GlobalSettings::*, bool GlobalSettings::*, std::int64_t GlobalSettings::*,
                 std::chrono::seconds GlobalSettings::*, std::optional<int> GlobalSettings::*,
                 std::optional<LogLevel> GlobalSettings::*, ResourceLimit GlobalSettings::*,
                 int GlobalSettings::*,  // int: a facility of syslog(3)
                 ReloadScope GlobalSettings::*>;
using PoolHome = std::variant<std::string PoolSettings::*, bool PoolSettings::*, std::int64_t PoolSettings::*,
                              std::chrono::seconds PoolSettings::*, std::optional<int> PoolSettings::*,
                              ProcessManager PoolSettings::*, ResourceLimit PoolSettings::*,
                              ByteSize PoolSettings::*, std::vector<std::string> PoolSettings::*,
                              std::vector<NamedValue> PoolSettings::*, PhpValueHome>;

/// How php-fpm's -tt shows a directive.
enum class Shown : std::uint8_t {
    as_is,    ///< the value that takes effect
    written,  ///< the text of the file
    bare,     ///< a duration without its "s"
    never,
    when_set,  ///< ours, not php-fpm's: only where the file says it
};

/// A directive: the only place that knows its name. Parser, dump and documentation work from these rows.
template <typename Home>
struct Directive {
    std::string_view name;
    Home home;
    std::string_view fallback;  ///< what holds when it is not set, for the documentation
    std::string_view meaning;   ///< one line for the documentation
    Shown shown = Shown::as_is;
};
using GlobalDirective = Directive<GlobalHome>;
using PoolDirective = Directive<PoolHome>;

/// All directives, in the order of php-fpm's -tt.
[[nodiscard]] std::span<const GlobalDirective> global_directives();
[[nodiscard]] std::span<const PoolDirective> pool_directives();

/// Phalanx's own: php-fpm does not know it.
template <typename Home>
[[nodiscard]] bool is_own(const Directive<Home>& directive) {
    return directive.shown == Shown::when_set;
}

/// Whether it is written `name[key] = value`.
[[nodiscard]] bool is_keyed(const PoolDirective& directive);

/// The directive of a `name = value` line, by php-fpm's rule: the case of letters does not count. Null: none.
[[nodiscard]] const GlobalDirective* find_global(std::string_view name);
[[nodiscard]] const PoolDirective* find_pool(std::string_view name);
/// The directive of a `name[key] = value` line: here the case counts. Null: none.
[[nodiscard]] const PoolDirective* find_keyed(std::string_view name);

/// A sentence that helps with an unknown name: its other section or its nearest directive. Empty: nothing is
/// near.
enum class Section : std::uint8_t { global, pool };
[[nodiscard]] std::string hint_for_unknown(std::string_view name, Section section);

}  // namespace phalanx::config

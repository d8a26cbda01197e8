#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/config/settings.hpp"

namespace phalanx::php {

/// Calls `visit` with each entry in the order in which php-fpm applies them: ordinary values before admin
/// values, each kind from the last of the file to the first, so that the first of a name stays.
template <typename Visit>
void for_each_in_order(std::span<const config::PhpValue> values, Visit visit) {
    for (const auto kind : {config::PhpValue::Kind::value, config::PhpValue::Kind::admin_value}) {
        for (std::size_t left = values.size(); left > 0; --left) {
            if (values[left - 1].kind == kind) visit(values[left - 1]);
        }
    }
}

/// "extension" and "zend_extension": they load something instead of setting an ini entry.
[[nodiscard]] bool is_extension(const config::PhpValue& value);

/// "disable_functions" and "disable_classes".
[[nodiscard]] bool is_disabling(std::string_view name);

/// libphp has this one built in and php-fpm has it not: it is there only where a pool asks for it.
inline constexpr std::string_view builtin_extension = "pcntl";
[[nodiscard]] bool is_builtin_extension(const config::PhpValue& value);
[[nodiscard]] bool asks_for_builtin_extension(std::span<const config::PhpValue> values);

/// Sets those of a pool's values that must hold before extensions start or preloaded code runs. Inside PHP's
/// start, after php.ini has been read and before the first extension is registered.
void apply_early_values(std::span<const config::PhpValue> values);

/// Loads an extension or takes functions or classes away, where `name` asks for that: none of it can be
/// undone in this process. The result tells whether it was such a name, and whether it worked.
enum class LastingEffect : std::uint8_t { none, done, failed };
LastingEffect apply_lasting(std::string_view name, const char* value);

}  // namespace phalanx::php

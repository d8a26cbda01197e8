#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "directives.hpp"
#include "phalanx/base/result.hpp"

namespace phalanx::config {

/// Stores the text of a `name = value` line where the directive's value lives. The error is php-fpm's reason
/// ("invalid boolean value").
[[nodiscard]] base::Result<void> store(GlobalSettings& settings, const GlobalDirective& directive,
                                       std::string_view text);
[[nodiscard]] base::Result<void> store(PoolSettings& settings, const PoolDirective& directive,
                                       std::string_view text);

/// The same for a `name[key] = value` line.
[[nodiscard]] base::Result<void> store_keyed(PoolSettings& settings, const PoolDirective& directive,
                                             std::string_view key, std::string_view text);

/// The text with every "$pool" replaced. Without a pool (null) its occurrence is an error.
[[nodiscard]] base::Result<std::string> expand_pool_name(std::string_view text, const std::string* pool);

/// Appends what -tt shows of one directive: a line, or one for each of its entries, last first.
void show(const GlobalSettings& settings, const GlobalDirective& directive, std::vector<std::string>& lines);
void show(const PoolSettings& settings, const PoolDirective& directive, std::vector<std::string>& lines);

/// What the documentation calls the directive's type.
[[nodiscard]] std::string_view type_name(const GlobalDirective& directive);
[[nodiscard]] std::string_view type_name(const PoolDirective& directive);

}  // namespace phalanx::config

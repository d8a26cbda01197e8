#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "escape.hpp"
#include "phalanx/status/scoreboard.hpp"
#include "phalanx/status/status_page.hpp"

namespace phalanx::status {

/// How one format writes what is not a plain number.
struct Style {
    Escape escape;
    enum class Times : std::uint8_t { epoch, calendar } times;
};

/// One line or cell of the status page. The value is escaped; `quoted` is what JSON puts into quotes.
struct Field {
    std::string_view label;  ///< text, html and json, e.g. "start time"
    std::string_view tag;    ///< xml, e.g. "start-time"
    std::string value;
    bool quoted;
};

/// Those of php-fpm, then, where the extent says so, those of the line.
[[nodiscard]] std::vector<Field> pool_fields(const PoolSnapshot& pool, const Style& style, Extent extent);
[[nodiscard]] std::array<Field, 13> worker_fields(const SlotSnapshot& worker, std::int64_t now,
                                                  const Style& style);

/// Whole seconds from a moment to `now`, never less than none.
[[nodiscard]] std::int64_t seconds_since(std::int64_t moment, std::int64_t now);

/// The openmetrics body, which has other names and no part for processes.
[[nodiscard]] std::string render_openmetrics(const PoolSnapshot& pool, Extent extent);

}  // namespace phalanx::status

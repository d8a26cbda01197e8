#include "directives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

/// Names longer than this are compared with no directive: the comparison's cost grows with the length.
constexpr std::size_t max_compared_length = 64;

/// The least number of letters to change, add or take away that makes one word the other (Levenshtein).
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const bool same = base::equal_ignoring_case(from.substr(i, 1), to.substr(j, 1));
            const std::size_t changed = diagonal + (same ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

template <typename Rows>
std::string_view nearest(const Rows& rows, std::string_view name) {
    std::string_view best;
    std::size_t least = std::max<std::size_t>(2, name.size() / 4) + 1;
    for (const auto& row : rows) {
        const std::size_t distance = edit_distance(name, row.name);
        if (distance < least && distance < name.size()) {
            least = distance;
            best = row.name;
        }
    }
    return best;
}

template <typename Rows>
const auto* find(const Rows& rows, std::string_view name) {
    const auto row = std::find_if(rows.begin(), rows.end(), [name](const auto& each) {
        return base::equal_ignoring_case(each.name, name);
    });
    return row == rows.end() ? nullptr : &*row;
}

}  // namespace

bool is_keyed(const PoolDirective& directive) {
    return std::holds_alternative<PhpValueHome>(directive.home) ||
           std::holds_alternative<std::vector<NamedValue> PoolSettings::*>(directive.home) ||
           directive.name == "access.suppress_path";
}

const GlobalDirective* find_global(std::string_view name) {
    return find(global_directives(), name);
}

const PoolDirective* find_pool(std::string_view name) {
    const PoolDirective* row = find(pool_directives(), name);
    return row != nullptr && !is_keyed(*row) ? row : nullptr;
}

const PoolDirective* find_keyed(std::string_view name) {
    const PoolDirective* row = find(pool_directives(), name);
    return row != nullptr && is_keyed(*row) && row->name == name ? row : nullptr;
}

std::string hint_for_unknown(std::string_view name, Section section) {
    if (name.size() > max_compared_length) return {};
    if (section == Section::pool && find_global(name) != nullptr) {
        return fmt::format("'{}' belongs to the section [global]", name);
    }
    const PoolDirective* row = find(pool_directives(), name);
    if (section == Section::global && row != nullptr)
        return fmt::format("'{}' belongs to the section of a pool", name);
    if (row != nullptr && is_keyed(*row))
        return fmt::format("'{}' is written {}[...] = value", row->name, row->name);
    if (row != nullptr) return fmt::format("'{}' takes no key in square brackets", row->name);
    if (base::equal_ignoring_case(name, "include")) return "the nearest known directive is 'include'";
    const std::string_view near =
        section == Section::global ? nearest(global_directives(), name) : nearest(pool_directives(), name);
    return near.empty() ? std::string() : fmt::format("the nearest known directive is '{}'", near);
}

}  // namespace phalanx::config

#include "phalanx/base/parse.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string>

namespace phalanx::base {
namespace {

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The leading integer of a text the way atoi reads it: blanks, a sign, digits; 0 where there are none.
std::int64_t leading_integer(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    if (!std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
    if (digits.empty()) return 0;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) {
        using Limits = std::numeric_limits<std::int64_t>;
        return text.starts_with('-') ? Limits::min() : Limits::max();
    }
    return number;
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
    using namespace std::chrono;
    if (text.empty()) return std::nullopt;
    const std::int64_t number =
        std::clamp<std::int64_t>(leading_integer(text), -1'000'000'000, 1'000'000'000);
    const char suffix = text.back();
    if (is_digit(suffix) || suffix == 's') return seconds(number);
    if (suffix == 'm') return seconds(minutes(number));
    if (suffix == 'h') return seconds(hours(number));
    if (suffix == 'd') return seconds(hours(24 * number));
    return std::nullopt;
}

std::optional<std::uint32_t> parse_octal_mode(std::string_view text) {
    std::uint32_t mode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || mode > 07777)
        return std::nullopt;
    return mode;
}

bool is_ini_true(std::string_view text) {
    for (const std::string_view word : {"on", "yes", "true"}) {
        if (equal_ignoring_case(text, word)) return true;
    }
    return std::atoi(std::string(text).c_str()) != 0;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace phalanx::base

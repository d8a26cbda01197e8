#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "phalanx/base/parse.hpp"
#include "phalanx/log/access_log.hpp"
#include "phalanx/log/escape.hpp"

namespace phalanx::log {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view time_units = "'seconds', 'milli', 'milliseconds', 'micro' or 'microseconds'";
constexpr std::string_view default_time = "%d/%b/%Y:%H:%M:%S %z";

/// A word between braces and what it chooses; no word chooses the first.
template <typename Kind>
struct Choice {
    std::string_view word;
    Kind kind;
};

template <typename Kind, std::size_t count>
std::optional<Kind> choose(const Choice<Kind> (&choices)[count], std::string_view word) {
    if (word.empty()) return choices[0].kind;
    for (const auto& choice : choices) {
        if (base::equal_ignoring_case(choice.word, word)) return choice.kind;
    }
    return std::nullopt;
}

Error wrong_modifier(std::string_view allowed, char token, std::string_view modifier) {
    return Error{fmt::format("only {} are allowed as a modifier for %{} ('{}')", allowed, token,
                             escape_controls(modifier))};
}

}  // namespace

Result<AccessFormat::Part> AccessFormat::parse_token(char token, std::string_view modifier) {
    static constexpr Choice<Kind> cpu[] = {
        {"total", Kind::cpu_total}, {"user", Kind::cpu_user}, {"system", Kind::cpu_system}};
    static constexpr Choice<Kind> durations[] = {
        {"seconds", Kind::seconds},    {"milliseconds", Kind::milliseconds},
        {"milli", Kind::milliseconds}, {"miliseconds", Kind::milliseconds},
        {"mili", Kind::milliseconds},  {"microseconds", Kind::microseconds},
        {"micro", Kind::microseconds}};
    static constexpr Choice<Kind> waits[] = {{"microseconds", Kind::waited_microseconds},
                                             {"micro", Kind::waited_microseconds},
                                             {"milliseconds", Kind::waited_milliseconds},
                                             {"milli", Kind::waited_milliseconds},
                                             {"seconds", Kind::waited_seconds}};
    static constexpr Choice<Kind> memory[] = {{"bytes", Kind::memory_bytes},
                                              {"kilobytes", Kind::memory_kilobytes},
                                              {"kilo", Kind::memory_kilobytes},
                                              {"megabytes", Kind::memory_megabytes},
                                              {"mega", Kind::memory_megabytes}};
    const auto part = [](Kind kind, std::string_view argument) {
        return Part{kind, std::string(argument), -1, {}};
    };
    switch (token) {
        case 'C':
            if (const auto kind = choose(cpu, modifier)) return part(*kind, {});
            return wrong_modifier("'total', 'user' or 'system'", token, modifier);
        case 'd':
            if (const auto kind = choose(durations, modifier)) return part(*kind, {});
            return wrong_modifier(time_units, token, modifier);
        case 'w':  // php-fpm knows no such letter
            if (const auto kind = choose(waits, modifier)) return part(*kind, {});
            return wrong_modifier(time_units, token, modifier);
        case 'M':
            if (const auto kind = choose(memory, modifier)) return part(*kind, {});
            return wrong_modifier("'bytes', 'kilo', 'kilobytes', 'mega' or 'megabytes'", token, modifier);
        case 'e':
            if (!modifier.empty()) return part(Kind::param, modifier);
            return Error{"the name of the environment variable must be set between embraces for %e"};
        case 'o':
            if (!modifier.empty()) return part(Kind::response_header, modifier);
            return Error{"the name of the header must be set between embraces for %o"};
        case 't':
            return part(Kind::accepted_at, modifier.empty() ? default_time : modifier);
        case 'T':
            return part(Kind::written_at, modifier.empty() ? default_time : modifier);
        default:
            break;
    }
    static constexpr std::pair<char, Kind> plain[] = {
        {'f', Kind::script},     {'l', Kind::content_length}, {'m', Kind::method}, {'n', Kind::pool},
        {'p', Kind::worker_pid}, {'P', Kind::master_pid},     {'q', Kind::query},  {'Q', Kind::question_mark},
        {'r', Kind::uri},        {'R', Kind::peer},           {'s', Kind::status}, {'u', Kind::user},
        {'%', Kind::literal}};
    const auto* const found = std::find_if(std::begin(plain), std::end(plain),
                                           [token](const auto& entry) { return entry.first == token; });
    if (found == std::end(plain)) {
        return Error{fmt::format("Invalid token in the access.format (%{})", escape_controls({&token, 1}))};
    }
    if (!modifier.empty()) return Error{fmt::format("embrace is not allowed for modifier %{}", token)};
    return part(found->second, token == '%' ? "%" : "");
}

void AccessFormat::add_literal(std::string_view text) {
    if (text.empty()) return;
    if (parts_.empty() || parts_.back().kind != Kind::literal) parts_.push_back({Kind::literal, {}, -1, {}});
    parts_.back().argument += text;
}

Result<AccessFormat> AccessFormat::parse(std::string_view text) {
    AccessFormat format;
    while (!text.empty()) {
        const std::size_t percent = std::min(text.find('%'), text.size());
        format.add_literal(text.substr(0, percent));
        text.remove_prefix(std::min(percent + 1, text.size()));
        if (text.empty()) break;  // php-fpm drops a lone percent sign at the end
        std::string_view modifier;
        while (text.starts_with('{')) {  // the last one counts, as in php-fpm
            const std::size_t end = text.find('}');
            if (end == text.npos || end + 1 == text.size()) {
                return Error{"missing closing embrace in the access.format"};
            }
            modifier = text.substr(1, end - 1);
            text.remove_prefix(end + 1);
        }
        auto part = parse_token(text.front(), modifier);
        if (!part) return part.error();
        text.remove_prefix(1);
        if (part->kind == Kind::literal) {
            format.add_literal(part->argument);
        } else {
            format.parts_.push_back(*std::move(part));
        }
    }
    return format;
}

bool AccessFormat::needs_cpu_time() const {
    return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
        return part.kind == Kind::cpu_total || part.kind == Kind::cpu_user || part.kind == Kind::cpu_system;
    });
}

}  // namespace phalanx::log

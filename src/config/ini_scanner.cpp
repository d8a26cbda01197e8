#include "ini_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

constexpr bool is_word_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_word_part(char c) {
    return is_word_start(c) || (c >= '0' && c <= '9');
}

/// What ends the name in "${name}" (and has no place in it unless it is the brace).
constexpr std::string_view variable_name_end = "\t=\n\r;&|^$~(){}!\"[";

/// Whether a backslash, a quote and the end of the line follow: that quote closes, so that "C:\dir\" is a
/// whole.
bool ends_line_quoted(std::string_view text) {
    return text.starts_with("\\\"") && (text.size() == 2 || is_line_end(text[2]));
}

/// Takes the backslash away where it protects a quote, a backslash or a dollar; elsewhere it stays.
std::string unescape(std::string_view text) {
    constexpr std::string_view protectable = "\"\\'$";
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool protects =
            text[i] == '\\' && i + 1 < text.size() && protectable.find(text[i + 1]) != std::string_view::npos;
        if (protects) ++i;
        plain += text[i];
    }
    return plain;
}

}  // namespace

base::Error unexpected(std::string_view token, std::string_view expecting) {
    if (expecting.empty()) return {fmt::format("syntax error, unexpected {}", token)};
    return {fmt::format("syntax error, unexpected {}, expecting {}", token, expecting)};
}

bool is_constant_name(std::string_view word) {
    return !word.empty() && is_word_start(word.front()) &&
           std::all_of(word.begin(), word.end(), is_word_part);
}

std::size_t literal_dollar_length(std::string_view text) {
    std::size_t length = 1;
    if (text.size() > 1 && !is_line_end(text[1])) ++length;
    if (length == 2 && text[1] == '\\' && text.size() > 2 && !is_line_end(text[2])) ++length;
    return length;
}

void Scanner::skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
}

std::string_view Scanner::take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
}

base::Result<std::string> Scanner::double_quoted() {
    std::string text;
    for (std::size_t i = 0; i < rest_.size();) {
        if (rest_[i] == '"') {
            text += unescape(take(i));
            skip(1);
            skip_blanks();
            return text;
        }
        if (rest_.substr(i).starts_with("${")) {
            text += unescape(take(i));
            skip(2);
            auto value = variable();
            if (!value) return value;
            text += *value;
            i = 0;
            continue;
        }
        i += rest_[i] == '\\' && !ends_line_quoted(rest_.substr(i)) ? 2 : 1;
    }
    return unexpected("end of file", "TC_DOLLAR_CURLY or TC_QUOTED_STRING or '\"'");
}

base::Result<std::string> Scanner::variable() {
    const std::string_view name = take(std::min(rest_.find_first_of(variable_name_end), rest_.size()));
    const bool closed = !at_end() && rest_.front() == '}';
    if (name.empty()) return unexpected(closed ? "'}'" : "end of file", "TC_VARNAME");
    if (!closed) return unexpected("end of file", "'}'");
    skip(1);
    return source_.variable(base::trim(name));
}

}  // namespace phalanx::config

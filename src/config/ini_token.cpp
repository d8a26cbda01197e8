#include "ini_token.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ini_scanner.hpp"
#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

constexpr std::string_view operators = "&|^~()!";
constexpr std::string_view word_end = "= \t\r\n;&|^~()!\"'";

std::size_t word_length(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size() && word_end.find(text[i]) == std::string_view::npos) {
        if (text[i] == '$' && text.substr(i).starts_with("${")) break;
        i += text[i] == '$' ? literal_dollar_length(text.substr(i)) : 1;
    }
    return i;
}

/// Digits with an optional minus and one optional point, which PHP calls a number in its complaints.
bool is_number(std::string_view word) {
    if (word.starts_with('-')) word.remove_prefix(1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto points = std::count(word.begin(), word.end(), '.');
    const auto digits = std::count_if(word.begin(), word.end(), is_digit);
    return digits > 0 && points <= 1 && static_cast<std::size_t>(points + digits) == word.size();
}

Token word_at(std::string_view text) {
    const std::string_view word = text.substr(0, word_length(text));
    Token token{kind_of_word(word), word.size(), word};
    if (token.kind != TokenKind::word) token.length += blanks_at(text.substr(word.size()));
    return token;
}

}  // namespace

std::size_t blanks_at(std::string_view text) {
    return std::min(text.find_first_not_of(" \t"), text.size());
}

TokenKind kind_of_word(std::string_view word) {
    using base::equal_ignoring_case;
    for (const std::string_view yes : {"true", "on", "yes"}) {
        if (equal_ignoring_case(word, yes)) return TokenKind::bool_true;
    }
    for (const std::string_view no : {"false", "off", "no", "none"}) {
        if (equal_ignoring_case(word, no)) return TokenKind::bool_false;
    }
    return equal_ignoring_case(word, "null") ? TokenKind::null_value : TokenKind::word;
}

Token token_at(std::string_view text) {
    const std::size_t blanks = blanks_at(text);
    const std::string_view behind = text.substr(blanks);
    // A second "=" ends the value as a line end does; what it then means is the statement's affair.
    if (behind.empty() || is_line_end(behind[0]) || behind[0] == ';' || behind[0] == '=') return {};
    if (behind[0] == '"') return {TokenKind::quote, blanks + 1, "\""};
    if (blanks > 0) return {TokenKind::blanks, blanks, text.substr(0, blanks)};
    if (text[0] == '\'') {
        const std::size_t end = text.find('\'', 1);
        if (end == std::string_view::npos) return {TokenKind::end_of_file, text.size(), {}};
        if (end == 1) return {};  // '' has no text: the value ends before it
        return {TokenKind::raw, end + 1, text.substr(1, end - 1)};
    }
    if (text.starts_with("${")) return {TokenKind::variable, 2, {}};
    if (operators.find(text[0]) != std::string_view::npos) {
        return {TokenKind::symbol, 1 + blanks_at(text.substr(1)), text.substr(0, 1)};
    }
    return word_at(text);
}

std::string name_of(const Token& token) {
    switch (token.kind) {
        case TokenKind::end_of_file:
            return "end of file";
        case TokenKind::end_of_line:
            return "END_OF_LINE";
        case TokenKind::bool_true:
            return "BOOL_TRUE";
        case TokenKind::bool_false:
            return "BOOL_FALSE";
        case TokenKind::null_value:
            return "NULL_NULL";
        case TokenKind::blanks:
            return "TC_WHITESPACE";
        case TokenKind::raw:
            return "TC_RAW";
        case TokenKind::variable:
            return "TC_DOLLAR_CURLY";
        case TokenKind::quote:
        case TokenKind::symbol:
            return fmt::format("'{}'", token.text);
        case TokenKind::word:
            break;
    }
    if (is_number(token.text)) return "TC_NUMBER";
    return is_constant_name(token.text) ? "TC_CONSTANT" : "TC_STRING";
}

}  // namespace phalanx::config

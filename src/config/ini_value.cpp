#include "ini_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

using base::Result;

enum class TokenKind {
    end_of_file,
    end_of_line,
    word,
    bool_true,
    bool_false,
    null_value,
    blanks,
    raw,
    quote,
    variable,
    symbol
};

/// The token at the front of a text, not taken yet; `length` counts the blanks that vanish with it.
struct Token {
    TokenKind kind = TokenKind::end_of_line;
    std::size_t length = 0;
    std::string_view text;
};

constexpr std::string_view operators = "&|^~()!";
constexpr std::string_view word_end = "= \t\r\n;&|^~()!\"'";
constexpr std::string_view inside_brackets = "'^' or '|' or '&' or ')'";

std::size_t blanks_at(std::string_view text) {
    return std::min(text.find_first_not_of(" \t"), text.size());
}

std::size_t word_length(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size() && word_end.find(text[i]) == std::string_view::npos) {
        if (text[i] == '$' && text.substr(i).starts_with("${")) break;
        i += text[i] == '$' ? literal_dollar_length(text.substr(i)) : 1;
    }
    return i;
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

Token word_at(std::string_view text) {
    const std::string_view word = text.substr(0, word_length(text));
    Token token{kind_of_word(word), word.size(), word};
    if (token.kind != TokenKind::word) token.length += blanks_at(text.substr(word.size()));
    return token;
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

/// Digits with an optional minus and one optional point, which PHP calls a number in its complaints.
bool is_number(std::string_view word) {
    if (word.starts_with('-')) word.remove_prefix(1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto points = std::count(word.begin(), word.end(), '.');
    const auto digits = std::count_if(word.begin(), word.end(), is_digit);
    return digits > 0 && points <= 1 && static_cast<std::size_t>(points + digits) == word.size();
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

/// The integer an operand stands for: leading blanks, a sign and digits, as atoi reads them, in 32 bits.
std::int32_t integer_of(std::string_view text) {
    text = base::trim(text);
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) number = text.starts_with('-') ? INT64_MIN : INT64_MAX;
    return static_cast<std::int32_t>(number);
}

Result<std::string> constant_or_word(const ValueSource& source, std::string_view word) {
    if (is_constant_name(word)) return source.constant(word);
    return std::string(word);
}

/// Reads one expression by recursive descent. | & ^ have one rank and go from left to right; ~ and ! bind
/// tighter.
class ExpressionReader {
  public:
    explicit ExpressionReader(Scanner& scanner) : scanner_(scanner) {}

    Result<std::string> expression() {
        auto left = operand();
        while (left) {
            const Token token = peek();
            if (token.kind != TokenKind::symbol ||
                (token.text != "|" && token.text != "&" && token.text != "^"))
                break;
            scanner_.skip(token.length);
            const auto right = operand();
            if (!right) return right;
            left = combine(*left, token.text.front(), *right);
        }
        return left;
    }

  private:
    [[nodiscard]] Token peek() const { return token_at(scanner_.rest()); }

    static std::string combine(const std::string& left, char sign, const std::string& right) {
        const auto a = integer_of(left);
        const auto b = integer_of(right);
        return std::to_string(sign == '|' ? (a | b) : sign == '&' ? (a & b) : (a ^ b));
    }

    Result<std::string> operand() {
        const Token token = peek();
        if (token.kind != TokenKind::symbol) return texts();
        if (token.text != "~" && token.text != "!" && token.text != "(") return unexpected(name_of(token));
        if (++depth_ > max_expression_depth) return base::Error{"memory exhausted"};
        scanner_.skip(token.length);
        auto inner = token.text == "(" ? bracketed() : operand();
        --depth_;
        if (!inner || token.text == "(") return inner;
        const auto number = integer_of(*inner);
        return std::to_string(token.text == "~" ? ~number : (number == 0 ? 1 : 0));
    }

    Result<std::string> bracketed() {
        auto inner = expression();
        if (!inner) return inner;
        const Token token = peek();
        if (token.kind != TokenKind::symbol || token.text != ")")
            return unexpected(name_of(token), inside_brackets);
        scanner_.skip(token.length);
        return inner;
    }

    /// One or more texts side by side: words, constants, quoted texts, variables, the blanks between them.
    Result<std::string> texts() {
        std::string all;
        for (bool first = true;; first = false) {
            const Token token = peek();
            if (!is_text(token.kind)) {
                if (first) return unexpected(name_of(token));
                return all;
            }
            scanner_.skip(token.length);
            auto text = text_of(token);
            if (!text) return text;
            all += *text;
        }
    }

    static bool is_text(TokenKind kind) {
        return kind == TokenKind::word || kind == TokenKind::blanks || kind == TokenKind::raw ||
               kind == TokenKind::quote || kind == TokenKind::variable;
    }

    Result<std::string> text_of(const Token& token) {
        if (token.kind == TokenKind::quote) return scanner_.double_quoted();
        if (token.kind == TokenKind::variable) return scanner_.variable();
        if (token.kind == TokenKind::word) return constant_or_word(scanner_.source(), token.text);
        return std::string(token.text);
    }

    Scanner& scanner_;
    int depth_ = 0;
};

/// The bare characters at the front of a text inside square brackets, up to a quote, a "${" or the end.
std::size_t bare_length(std::string_view text) {
    constexpr std::string_view part_end = "\r\n;\"']";
    std::size_t i = 0;
    while (i < text.size() && part_end.find(text[i]) == std::string_view::npos) {
        if (text.substr(i).starts_with("${")) break;
        i += text[i] == '$' ? literal_dollar_length(text.substr(i)) : text[i] == '\\' ? 2 : 1;
    }
    return i;
}

/// One part of a text inside square brackets: quoted, "${NAME}" or bare.
Result<std::string> bracketed_part(Scanner& scanner, BracketUse use) {
    const std::string_view rest = scanner.rest();
    const std::size_t blanks = blanks_at(rest);
    if (rest.substr(blanks).starts_with('"')) {
        scanner.skip(blanks + 1);
        return scanner.double_quoted();
    }
    if (rest.starts_with("${")) {
        scanner.skip(2);
        return scanner.variable();
    }
    const std::size_t quote_end = rest.starts_with('\'') ? rest.find('\'', 1) : std::string_view::npos;
    if (quote_end != std::string_view::npos && quote_end > 1) {
        return std::string(scanner.take(quote_end + 1).substr(1, quote_end - 1));
    }
    const std::string_view part = scanner.take(bare_length(rest));
    if (part.empty()) return unexpected("end of file", "']'");
    return use == BracketUse::key ? constant_or_word(scanner.source(), part) : std::string(part);
}

}  // namespace

Result<std::string> parse_value(Scanner& scanner) {
    scanner.skip_blanks();
    const Token token = token_at(scanner.rest());
    switch (token.kind) {
        case TokenKind::end_of_line:
            return std::string();
        case TokenKind::bool_true:
            scanner.skip(token.length);
            return std::string("1");
        case TokenKind::bool_false:
        case TokenKind::null_value:
            scanner.skip(token.length);
            return std::string();
        default:
            return ExpressionReader(scanner).expression();
    }
}

Result<void> expect_end_of_value(const Scanner& scanner) {
    const Token token = token_at(scanner.rest());
    if (token.kind == TokenKind::end_of_line || token.kind == TokenKind::end_of_file) return {};
    return unexpected(name_of(token));
}

Result<std::string> parse_bracketed(Scanner& scanner, BracketUse use) {
    std::string all;
    while (true) {
        const std::size_t blanks = use == BracketUse::key ? blanks_at(scanner.rest()) : 0;
        if (scanner.rest().substr(blanks).starts_with(']')) {
            scanner.skip(blanks + 1);
            return all;
        }
        auto part = bracketed_part(scanner, use);
        if (!part) return part;
        all += *part;
    }
}

}  // namespace phalanx::config

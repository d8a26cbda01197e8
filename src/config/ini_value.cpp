#include "ini_value.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "ini_token.hpp"
#include "phalanx/base/parse.hpp"

namespace phalanx::config {
namespace {

using base::Result;

/// What may follow an operand inside brackets.
constexpr std::string_view inside_brackets = "'^' or '|' or '&' or ')'";

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
            auto right = operand();
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

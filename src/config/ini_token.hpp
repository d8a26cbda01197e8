#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace phalanx::config {

enum class TokenKind : std::uint8_t {
    end_of_file,  ///< a single quote that is never closed: nothing behind it counts
    end_of_line,
    word,
    bool_true,
    bool_false,
    null_value,
    blanks,
    raw,       ///< '...'
    quote,     ///< the opening double quote
    variable,  ///< "${"
    symbol,    ///< an operator or a bracket
};

/// The token at the front of a value, not taken yet; `length` counts the blanks that vanish with it.
struct Token {
    TokenKind kind = TokenKind::end_of_line;
    std::size_t length = 0;
    std::string_view text;
};

[[nodiscard]] Token token_at(std::string_view text);

/// Whether a bare word is one of those for yes, no and nothing; else `word`.
[[nodiscard]] TokenKind kind_of_word(std::string_view word);

/// What PHP calls the token in its complaints.
[[nodiscard]] std::string name_of(const Token& token);

/// How many blanks stand at the front.
[[nodiscard]] std::size_t blanks_at(std::string_view text);

}  // namespace phalanx::config

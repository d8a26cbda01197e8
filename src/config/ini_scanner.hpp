#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "phalanx/base/result.hpp"

namespace phalanx::config {

/// Where the scanner asks for what the text of a line alone cannot say.
struct ValueSource {
    /// The value of a bare word that looks like a PHP constant; the word itself where there is none.
    std::function<base::Result<std::string>(std::string_view word)> constant;
    /// What "${name}" stands for; empty where nothing has that name.
    std::function<base::Result<std::string>(std::string_view name)> variable;
};

/// Most brackets and signs that may be open at once in one value.
inline constexpr int max_expression_depth = 100;

/// A complaint in the words of PHP's ini parser.
[[nodiscard]] base::Error unexpected(std::string_view token, std::string_view expecting = {});

[[nodiscard]] constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
[[nodiscard]] constexpr bool is_line_end(char c) {
    return c == '\r' || c == '\n';
}
[[nodiscard]] bool is_constant_name(std::string_view word);

/// How long a "$" that opens no "${...}" is, counted with the characters it makes literal.
[[nodiscard]] std::size_t literal_dollar_length(std::string_view text);

/// A cursor over one line of an ini file, and the parts that occur in several places of it: quoted texts and
/// "${NAME}". Knows nothing of statements.
class Scanner {
  public:
    Scanner(std::string_view line, const ValueSource& source) : rest_(line), source_(source) {}

    [[nodiscard]] std::string_view rest() const { return rest_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] const ValueSource& source() const { return source_; }
    void skip(std::size_t count) { rest_.remove_prefix(count); }
    void skip_blanks();
    std::string_view take(std::size_t count);

    /// The text of a double-quoted string whose opening quote has been taken; takes the closing one and the
    /// blanks behind it.
    [[nodiscard]] base::Result<std::string> double_quoted();
    /// What "${...}" stands for; the "${" has been taken.
    [[nodiscard]] base::Result<std::string> variable();

  private:
    std::string_view rest_;
    const ValueSource& source_;
};

}  // namespace phalanx::config

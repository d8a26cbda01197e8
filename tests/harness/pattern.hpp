#pragma once

#include <regex.h>

#include <string>
#include <string_view>

namespace phalanx::harness {

/// A POSIX extended regular expression. (std::regex does not compile cleanly under the sanitizers with
/// g++ 12.) Throws std::runtime_error when the text is none. Subjects end at their first NUL.
class Pattern {
  public:
    explicit Pattern(const std::string& text);
    ~Pattern() { ::regfree(&compiled_); }
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;

    /// Whether it matches all of the text.
    [[nodiscard]] bool matches(const std::string& text) const;
    /// The text with every match replaced.
    [[nodiscard]] std::string replace(const std::string& text, std::string_view replacement) const;

  private:
    regex_t compiled_{};
};

}  // namespace phalanx::harness

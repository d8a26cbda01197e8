#pragma once

#include <string_view>

#include "ini_line.hpp"

namespace phalanx::config {

/// Hears what a file says, statement by statement. Each answer tells whether to read on.
class IniListener {
  public:
    virtual ~IniListener() = default;

    [[nodiscard]] virtual bool on_section(std::string_view name) = 0;
    [[nodiscard]] virtual bool on_entry(std::string_view name, std::string_view value) = 0;
    [[nodiscard]] virtual bool on_element(std::string_view name, std::string_view key,
                                          std::string_view value) = 0;
    [[nodiscard]] virtual bool on_bare(std::string_view name) = 0;
    /// A fault in the line's language; reading ends. What stood before it in the line has been told.
    virtual void on_syntax_error(const base::Error& error) = 0;
    /// Before the first statement of a physical line, counted from 1.
    virtual void on_line(int number) = 0;
    /// After the last statement of a physical line: the place where an include is read.
    [[nodiscard]] virtual bool on_line_end() = 0;
};

/// Reads the text of one file through inih, which gets one statement at a time in a form it cannot
/// misunderstand: no indents, no quotes, no comments, and "@" for every text that is long or odd. A byte
/// order mark at the start is passed over. Returns whether the whole text was read, that is nobody asked to
/// stop.
[[nodiscard]] bool read_ini(std::string_view content, const ValueSource& source, IniListener& listener);

}  // namespace phalanx::config

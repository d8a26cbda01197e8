#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ini_scanner.hpp"
#include "phalanx/base/error.hpp"

namespace phalanx::config {

/// One thing that a line of an ini file says.
struct Statement {
    enum class Kind {
        section,  ///< [name]
        entry,    ///< name = value
        element,  ///< name[key] = value
        bare,     ///< a name without a "="
    };
    Kind kind = Kind::bare;
    std::string name;
    std::string key;
    std::string value;
};

/// Statements in one line; more are a fault.
inline constexpr std::size_t max_statements_per_line = 1000;

/// What a line says up to the first fault in it. A line may hold several statements: a section and an entry
/// ("[www] user = x"), or any number separated by carriage returns.
struct ParsedLine {
    std::vector<Statement> statements;
    std::optional<base::Error> error;
};

/// Reads one physical line (without its newline) the way php-fpm does: PHP's ini language, each line on its
/// own. A NUL ends the line.
[[nodiscard]] ParsedLine parse_line(std::string_view line, const ValueSource& source);

}  // namespace phalanx::config

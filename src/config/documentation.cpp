#include "documentation.hpp"

#include <fmt/format.h>

#include "value_text.hpp"

namespace phalanx::config {
namespace {

constexpr std::string_view introduction = R"(# Configuration

Phalanx reads php-fpm's files as they are. This page lists what they may say; it is made from the table the
parser works from (`src/config/global_directives.cpp`, `src/config/pool_directives.cpp`), so edit it there.

## The language

- A file is read line by line; `;` starts a comment, `#` does not. Indents, blank lines, CRLF line ends and a
  missing newline at the end do not matter. A line may be of any length.
- `[global]` starts the global section, which is also where a file begins. Any other `[name]` is a pool. Opening a
  section again continues it.
- `name = value`. Names of directives are taken in any case. A directive that occurs twice: the last one counts.
  Of two `name[key] = value` lines with the same key the first one counts.
- `"..."` and `'...'` quote; inside double quotes `\"` and `\\` stand for a quote and a backslash. Values that hold
  `= ; & | ^ ~ ( ) ! "` need quotes.
- `${NAME}` is the php.ini value or else the environment variable of that name, except in single quotes.
- `yes on true` and `no off false none null` are booleans when not quoted. PHP's constants and integer expressions
  (`E_ALL & ~E_NOTICE`) are worked out when not quoted.
- `$pool` in a text is the pool's name.
- `include = PATTERN` reads every file that matches, in the order of their names, up to 5 files deep. The section at
  the end of the last one continues behind the line.

## Types

| type | values |
| --- | --- |
| boolean | `yes on true 1`, `no off false none 0` or nothing |
| number | digits, with an optional minus |
| size | digits, with `K`, `M` or `G` for 1024, 1024^2, 1024^3 bytes |
| time | a number with `s`, `m`, `h` or `d`; seconds without |
| level | `debug notice warning error alert` |
| facility | `auth authpriv cron daemon ftp kern lpr mail news syslog user uucp local0` to `local7` |

Relative paths count from the pool's `prefix`, else from `-p`, else from `/usr`; `pid` and `error_log` from `-p`, else
from `/var`.

)";

constexpr std::string_view own_introduction =
    R"(The directives below are Phalanx's own; php-fpm refuses a file that has one. `-tt` shows them where they are set.
)";

/// A table cell: the bar would end it.
std::string cell(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '|') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

/// Whose directives a table lists.
enum class Origin : std::uint8_t { php_fpm, own };

template <typename Rows>
std::string table(std::string_view title, const Rows& rows, Origin origin) {
    std::string text =
        fmt::format("## {}\n\n| directive | type | default | meaning |\n| --- | --- | --- | --- |\n", title);
    for (const auto& row : rows) {
        if (is_own(row) != (origin == Origin::own)) continue;
        text += fmt::format("| `{}` | {} | {} | {} |\n", row.name, type_name(row), cell(row.fallback),
                            cell(row.meaning));
    }
    return text;
}

}  // namespace

std::string render_documentation() {
    return std::string(introduction) + table("Global directives", global_directives(), Origin::php_fpm) +
           "\n" + table("Pool directives", pool_directives(), Origin::php_fpm) + "\n" +
           std::string(own_introduction) + "\n" +
           table("Global directives of Phalanx", global_directives(), Origin::own) + "\n" +
           table("Pool directives of Phalanx", pool_directives(), Origin::own);
}

}  // namespace phalanx::config

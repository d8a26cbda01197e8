#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "phalanx/status/scoreboard.hpp"

namespace phalanx::status {

/// The five forms of php-fpm's status page (pm.status_path).
enum class Format : std::uint8_t { text, html, xml, json, openmetrics };

/// Whether each process has its part ("?full"). openmetrics has none.
enum class Detail : std::uint8_t { pool, processes };

/// Whether the pool's part goes on with what the master knows of the line ("?queue"). php-fpm has nothing of
/// the kind, so nobody sees it who does not ask.
enum class Extent : std::uint8_t { php_fpm, with_line };

struct View {
    Format format = Format::text;
    Detail detail = Detail::pool;
    Extent extent = Extent::php_fpm;
};

/// What a query string asks for: the first of html, xml, json and openmetrics that is the name of a variable,
/// else text; "full"; and "queue", which is ours and has to be written out. Names are read as PHP reads them
/// for $_GET (percent-decoded, "json[]" is json), and as in php-fpm any beginning of a word stands for the
/// word ("j" is json).
[[nodiscard]] View view_from_query(std::string_view query);
[[nodiscard]] Format format_from_query(std::string_view query);

/// One rendering of a scoreboard.
struct StatusPage {
    std::string content_type;  ///< the whole header line as php-fpm sends it, without its line end
    std::string body;
};

/// The bytes php-fpm 8.2 renders for the same numbers. Texts that come from clients are escaped for the
/// format; in text, where php-fpm leaves them raw, control bytes appear as \xNN so that none can forge a
/// line.
[[nodiscard]] StatusPage render(const PoolSnapshot& pool, Format format, Detail detail,
                                Extent extent = Extent::php_fpm);

/// A whole CGI answer: header lines, each with its CRLF, the empty line that ends them, and the body.
struct Answer {
    std::string head;
    std::string body;
};

/// The answer to pm.status_path. HEAD gets php-fpm's head for it, which names no format, and no body.
[[nodiscard]] Answer status_answer(const PoolSnapshot& pool, std::string_view method, std::string_view query);

/// The answer to ping.path: the text of ping.response, for HEAD without it.
[[nodiscard]] Answer ping_answer(std::string_view response, std::string_view method);

}  // namespace phalanx::status

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/base/result.hpp"

namespace phalanx::log {

/// php-fpm's default of access.format.
inline constexpr std::string_view default_access_format = "%R - %u %t \"%m %r\" %s";

/// What one line of the access log can tell of a request. Views must hold during AccessFormat::append_line().
struct AccessRecord {
    std::string_view pool;
    std::string_view peer;  ///< address of the web server, IPv4 not as a mapped one; empty on Unix sockets
    std::string_view method;
    std::string_view uri;    ///< SCRIPT_NAME after fix-up
    std::string_view query;  ///< without its question mark
    std::string_view user;
    std::string_view script;          ///< file name, empty: none
    std::int64_t content_length = 0;  ///< as the request claims
    int status = 0;
    std::uint64_t memory_peak = 0;  ///< bytes
    std::chrono::microseconds duration{0};
    std::chrono::microseconds waited{0};      ///< in the master's line: our own %w
    std::chrono::microseconds cpu_user{0};    ///< only needed where AccessFormat::needs_cpu_time()
    std::chrono::microseconds cpu_system{0};  ///< same
    std::int64_t accepted_at = 0;             ///< wall clock, seconds since 1970: %t
    std::int64_t written_at = 0;              ///< same: %T
    std::int64_t worker_pid = 0;
    std::int64_t master_pid = 0;
};

/// Where a line finds what has no fixed place in a record. Implemented by the request's owner; called while
/// the line is being made and only for formats that ask.
class AccessSource {
  public:
    virtual ~AccessSource() = default;
    /// The FastCGI parameter of that name after fix-up; nothing where there is none: %{NAME}e.
    [[nodiscard]] virtual std::optional<std::string_view> param(std::string_view name) const noexcept = 0;
    /// The value of the response header of exactly that name, empty where there is none: %{Name}o.
    [[nodiscard]] virtual std::string_view response_header(std::string_view name) const noexcept = 0;
};

/// A parsed access.format. It makes lines; writing them, in one write(2), is the worker's.
///
/// Whatever comes from the client is escaped as nginx does it (control bytes, `"` and `\` as \xNN), so that
/// no request can forge a line or a field; fields are not cut. php-fpm escapes nothing and cuts at 1024
/// bytes. While a line is made no object with a destructor is alive but those of the caller.
class AccessFormat {
  public:
    /// Errors: php-fpm's sentences about a wrong format, which it logs as warnings before its own error line.
    [[nodiscard]] static base::Result<AccessFormat> parse(std::string_view text);

    /// Appends the line and its end. Appends nothing where the line is empty: php-fpm writes none then.
    void append_line(std::string& out, const AccessRecord& record, const AccessSource& source);

    /// Whether a line tells CPU times (%C); measuring them costs a system call.
    [[nodiscard]] bool needs_cpu_time() const;

  private:
    enum class Kind : std::uint8_t {
        literal,
        cpu_total,
        cpu_user,
        cpu_system,
        seconds,
        milliseconds,
        microseconds,
        waited_seconds,
        waited_milliseconds,
        waited_microseconds,
        param,
        script,
        content_length,
        method,
        memory_bytes,
        memory_kilobytes,
        memory_megabytes,
        pool,
        response_header,
        worker_pid,
        master_pid,
        query,
        question_mark,
        uri,
        peer,
        status,
        accepted_at,
        written_at,
        user,
    };
    struct Part {
        Kind kind;
        std::string argument;  ///< the literal itself, a name, or strftime(3)'s format
        // A time is the same for every line of one second.
        std::int64_t cached_second = -1;
        std::string cached_text;
    };

    [[nodiscard]] static base::Result<Part> parse_token(char token, std::string_view modifier);
    void add_literal(std::string_view text);
    static void append_part(std::string& out, Part& part, const AccessRecord& record,
                            const AccessSource& source);
    static void append_number(std::string& out, Kind kind, const AccessRecord& record);
    static void append_time(std::string& out, Part& part, std::int64_t second);

    std::vector<Part> parts_;
};

/// Whether access.suppress_path[] keeps a request out of the log: GET or HEAD, no query, no body, a status of
/// 200 to 299, and a URI that equals one of the paths.
[[nodiscard]] bool is_suppressed(std::span<const std::string> paths, const AccessRecord& record);

}  // namespace phalanx::log

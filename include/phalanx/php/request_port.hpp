#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "phalanx/fastcgi/params.hpp"

namespace phalanx::php {

/// The parameter in which the worker tells a request how long it has waited in the master's line:
/// microseconds in decimal. What else a script could read under that name is kept out of $_SERVER and
/// getenv().
inline constexpr std::string_view queue_param = "PHALANX_QUEUE_USEC";

/// What PHP and the environment fix-up made of a request before its script runs. Views into the params.
struct ScriptBegin {
    std::string_view script_path;  ///< the primary script, empty: none could be found
    std::string_view request_uri;  ///< SCRIPT_NAME after fix-up: what status and ping paths are compared with
    std::string_view query;
    std::string_view method;
    std::string_view user;  ///< of an Authorization header, empty: none
    std::int64_t content_length = 0;
};

/// What is known of a response once its script has ended and before its shutdown functions' effects are sent.
struct ScriptEnd {
    int response_code = 200;
    std::size_t memory_peak = 0;  ///< bytes, as memory_get_peak_usage(true)
    /// Value of a response header set so far, by its exact name; empty: absent.
    std::string_view (*response_header)(std::string_view name) noexcept = nullptr;
};

/// The severities of php-fpm's error log that messages about a request have.
enum class MessageLevel : std::uint8_t { debug, notice, warning, error };

/// What PHP or this program has to say. Views hold during the call that takes it.
struct Message {
    MessageLevel level = MessageLevel::notice;
    std::string_view text;  ///< without a line end
    /// PHP's own (its errors, error_log()): php-fpm writes those whatever log_level says.
    bool is_php = false;
    /// The place in this program that said it, which log_level = debug shows.
    const char* function = "";
    int line = 0;
};

/// The web server's side of one running request, as PHP's callbacks need it. The room `worker` implements it
/// over a FastCGI connection, tests over memory. Calls come from inside PHP, which leaves by longjmp: no
/// implementation may throw, and none may keep an object with a destructor alive across a call back into PHP.
class RequestPort {
  public:
    virtual ~RequestPort() = default;

    /// The request's parameters in order of arrival; the environment fix-up changes them in place.
    [[nodiscard]] virtual fastcgi::Params& params() noexcept = 0;

    /// The FastCGI role as $_SERVER['FCGI_ROLE'] names it: "RESPONDER", "AUTHORIZER" or "FILTER".
    [[nodiscard]] virtual const char* role() const noexcept = 0;

    /// Called after the fix-up and before PHP's request start. True: the request was for a page of ours
    /// (status, ping) and has been answered; PHP does not run.
    virtual bool answer_without_php(const ScriptBegin& request) noexcept = 0;

    /// Reads up to `room` bytes of the request's body, waiting for the client if it must; 0 at its end or
    /// when the client is gone. Never gives more than CONTENT_LENGTH bytes in all.
    virtual std::size_t read_body(std::span<char> room) noexcept = 0;
    /// The body stopped before its end: the client left, stood still for too long, gave up (ABORT_REQUEST) or
    /// sent something else. Known once read_body() has given less than was asked for. A body whose end the
    /// client has marked (an empty STDIN record) is short, not cut.
    [[nodiscard]] virtual bool body_was_cut() const noexcept = 0;

    /// Sends the response's head: header lines, each with its CRLF, and the empty line that ends them.
    virtual bool write_head(std::string_view lines) noexcept = 0;

    /// Sends a piece of the response's body. False: the client is gone.
    virtual bool write_body(std::string_view bytes) noexcept = 0;

    /// Makes everything written so far leave for the client. False: the client is gone.
    virtual bool flush() noexcept = 0;

    /// Ends the answer while the script goes on (fastcgi_finish_request). True the first time, and
    /// later where the connection outlives the request: what php-fpm's function returns.
    virtual bool finish() noexcept = 0;

    /// A message of PHP's or about the request. It goes to the worker's standard error as "LEVEL: TEXT" and,
    /// if `to_web_server` (ini fastcgi.logging) and the answer has not ended, to the client as FCGI_STDERR.
    virtual void log(const Message& message, bool to_web_server) noexcept = 0;

    /// The script is about to run: the scoreboard's stage and request fields follow.
    virtual void script_begins(const ScriptBegin& request) noexcept = 0;
    /// The script has ended: time for the access log. Also called for refusals (403, 404).
    virtual void script_ended(const ScriptEnd& end) noexcept = 0;
};

}  // namespace phalanx::php

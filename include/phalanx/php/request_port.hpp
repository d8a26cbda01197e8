#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "phalanx/fastcgi/params.hpp"

namespace phalanx::php {

/// The web server's side of one running request, as PHP's callbacks need it. The room `worker` implements it
/// over a FastCGI connection, tests over memory. Calls come from inside PHP, which leaves by longjmp: no
/// implementation may throw, and none may keep an object with a destructor alive across a call back into PHP.
class RequestPort {
  public:
    virtual ~RequestPort() = default;

    /// The request's parameters in order of arrival, names and values as sent.
    [[nodiscard]] virtual const fastcgi::Params& params() const noexcept = 0;

    /// Reads up to `room` bytes of the request's body, waiting for the client if it must; 0 at its end or when
    /// the client is gone.
    virtual std::size_t read_body(std::span<char> room) noexcept = 0;

    /// Sends the response's header lines (CRLF after each, without the empty line at the end).
    virtual bool write_head(std::string_view lines) noexcept = 0;

    /// Sends a piece of the response's body. False: the client is gone.
    virtual bool write_body(std::string_view bytes) noexcept = 0;

    /// Makes everything written so far leave for the client. False: the client is gone.
    virtual bool flush() noexcept = 0;

    /// Ends the answer while the script goes on (fastcgi_finish_request). True the first time.
    virtual bool finish() noexcept = 0;

    /// A message for the web server's log (FCGI_STDERR), as long as the answer has not ended.
    virtual void write_error(std::string_view text) noexcept = 0;

    /// The script is about to run / has ended: the scoreboard's stage follows.
    virtual void script_begins(std::string_view script_path, std::string_view request_uri,
                               std::string_view user) noexcept = 0;
    virtual void script_ended(int response_code, std::size_t memory_peak) noexcept = 0;
};

}  // namespace phalanx::php

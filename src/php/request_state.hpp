#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "phalanx/php/request.hpp"
#include "request_body.hpp"

namespace phalanx::php {

/// All that is known of the running request. There is one for the life of the process: PHP leaves by longjmp,
/// which runs no destructors, so whatever owns memory lives here and is used again. Every member but the
/// buffers is set anew at the start of each request.
struct Request {
    RequestPort* port = nullptr;
    const RequestPolicy* policy = nullptr;
    ScriptBegin begin;
    std::optional<std::string_view> script_path;  ///< nothing: 404
    bool named = false;                           ///< the peer named a script at all
    bool missing = false;                         ///< the fix-up found no file of that name
    bool special = false;                         ///< what it found can hold no script
    bool has_uri = false;                         ///< the peer sent a SCRIPT_NAME
    bool started = false;                         ///< PHP's request start is over
    bool finished = false;                        ///< by fastcgi_finish_request: output goes nowhere
    bool last_of_process = false;                 ///< it changed what only a new process can undo
    RequestBody body;

    // Buffers, kept for their memory.
    std::string head;
    std::string message;
    std::string values;
    std::string directory;
};

/// The request that PHP's callbacks belong to; none before its parameters are known, at module start and end.
[[nodiscard]] Request* running_request() noexcept;

}  // namespace phalanx::php

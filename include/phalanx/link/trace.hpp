#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "phalanx/base/result.hpp"

namespace phalanx::link {

/// What the master asks a template for: the PHP stack of one worker (request_slowlog_timeout).
struct TraceOrder {
    std::uint16_t slot = 0;
    std::uint16_t depth = 0;  ///< most frames, at least 1
    std::int32_t pid = 0;     ///< of the worker: the template must not look at its successor
};

/// A worker's PHP stack, or a part of it: an answer that is too long for one message comes in several.
struct Trace {
    struct Frame {
        std::uint64_t address = 0;
        std::string function;
        std::string file;
        std::uint32_t line = 0;
    };
    bool failed = false;        ///< no more could be read
    std::string script;         ///< SCRIPT_FILENAME as PHP has it; empty: none, or in an earlier part
    std::vector<Frame> frames;  ///< the newest first
};

/// Parts that fit into a message each, at least one.
[[nodiscard]] std::vector<std::vector<std::byte>> encode_in_parts(const Trace& trace);
/// Error: no part of a trace.
[[nodiscard]] base::Result<Trace> decode_trace(std::span<const std::byte> bytes);

}  // namespace phalanx::link

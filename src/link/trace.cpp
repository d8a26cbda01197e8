#include "phalanx/link/trace.hpp"

#include <utility>

#include "phalanx/base/field_codec.hpp"
#include "phalanx/link/messages.hpp"

namespace phalanx::link {

template <typename Visitor>
void visit_fields(Trace::Frame& frame, Visitor& field) {
    field(frame.address);
    field(frame.function);
    field(frame.file);
    field(frame.line);
}

template <typename Visitor>
void visit_fields(Trace& trace, Visitor& field) {
    field(trace.failed);
    field(trace.script);
    field(trace.frames);
}

namespace {

/// What a frame takes of a message beside its texts, generously.
constexpr std::size_t frame_bytes = 64;

std::size_t size_of(const Trace::Frame& frame) {
    return frame_bytes + frame.function.size() + frame.file.size();
}

}  // namespace

std::vector<std::vector<std::byte>> encode_in_parts(const Trace& trace) {
    std::vector<std::vector<std::byte>> parts;
    Trace part;
    part.script = trace.script;
    std::size_t size = frame_bytes + part.script.size();
    for (const Trace::Frame& frame : trace.frames) {
        if (size + size_of(frame) > max_inline_bytes) {
            parts.push_back(base::encode_fields(std::exchange(part, {})));
            size = frame_bytes;
        }
        size += size_of(frame);
        part.frames.push_back(frame);
    }
    part.failed = trace.failed;
    parts.push_back(base::encode_fields(part));
    return parts;
}

base::Result<Trace> decode_trace(std::span<const std::byte> bytes) {
    return base::decode_fields<Trace>(bytes, "a trace");
}

}  // namespace phalanx::link

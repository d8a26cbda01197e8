#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/fastcgi/content_length.hpp"
#include "phalanx/fastcgi/request_reader.hpp"
#include "wire.hpp"

namespace phalanx::fastcgi::wire {

inline std::string describe(const HeadOutcome& outcome, const Params& params) {
    using Kind = HeadOutcome::Kind;
    switch (outcome.kind) {
        case Kind::end_of_stream:
            return "end\n";
        case Kind::truncated:
            return "truncated\n";
        case Kind::failed:
            return "failed\n";
        // Whether surplus was seen by finish_request or by the next read_head is a matter of time.
        case Kind::violation:
            return "closed\n";
        case Kind::unknown_role:
            return "unknown role of " + std::to_string(outcome.head.request_id) + "\n";
        case Kind::answer:
            return "answer " + as_text(outcome.answer) + "\n";
        case Kind::request:
            break;
    }
    std::string text = "request " + std::to_string(outcome.head.request_id) + " role " +
                       std::to_string(static_cast<int>(outcome.head.role)) +
                       (outcome.head.keep_connection ? " keep" : "") + "\n";
    for (std::size_t i = 0; i < params.size(); ++i) {
        text.append(params.at(i).name).append("=").append(params.at(i).value).append("\n");
    }
    return text;
}

/// Serves everything on a connection and writes down what happened.
inline std::string serve(RequestReader& reader, std::size_t body_step = 4096) {
    std::string text;
    Params params;
    while (true) {
        const HeadOutcome outcome = reader.read_head(params);
        text += describe(outcome, params);
        if (outcome.kind == HeadOutcome::Kind::answer) continue;
        if (outcome.kind != HeadOutcome::Kind::request) return text;
        reader.expect_body(content_length(params).value_or(0));
        std::string body(body_step, '\0');
        while (const std::size_t count = reader.read_body(body)) text.append(body, 0, count);
        text += " body state " + std::to_string(static_cast<int>(reader.body_state())) + "\n";
        if (reader.finish_request() == Finish::drop) return text + "closed\n";
    }
}

inline std::string serve(std::string_view bytes, std::vector<std::size_t> sizes = {~std::size_t{0}},
                         std::size_t body_step = 4096) {
    MemorySource source(std::string(bytes), std::move(sizes));
    RequestReader reader(source);
    return serve(reader, body_step);
}

}  // namespace phalanx::fastcgi::wire

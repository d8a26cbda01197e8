// Serves the same bytes in three ways: whole; cut; and cut with each request in the hands of another reader,
// as it is when the master has read the head and takes a kept connection back. What comes of it must be the
// same: heads, parameters, bodies, verdicts, and what follows. Byte 0 says how much of each body the script
// reads, bytes 1 to 8 how to cut.

#include <algorithm>
#include <cstdint>
#include <limits>

#include "fastcgi/transcript.hpp"

namespace {

using namespace phalanx::fastcgi;

constexpr std::size_t kCuts = 8;
constexpr std::uint8_t kReadEverything = 255;

struct Reading {
    std::size_t most = std::numeric_limits<std::size_t>::max();  ///< of each body
    std::size_t step = 4096;
};

void read_body(RequestReader& reader, const Reading& reading, std::string& text) {
    std::string room;
    for (std::size_t left = reading.most; left > 0;) {
        room.resize(std::min(left, reading.step));
        const std::size_t count = reader.read_body(room);
        if (count == 0) break;
        text.append(room, 0, count);
        left -= count;
    }
    text += " body state " + std::to_string(static_cast<int>(reader.body_state())) +
            (reader.body_was_cut() ? ", cut" : "") + "\n";
}

/// Serves up to the end of one request. False: the connection has no more.
bool serve_one(RequestReader& reader, const Reading& reading, std::string& text) {
    Params params;
    HeadOutcome outcome = reader.read_head(params);
    text += wire::describe(outcome, params);
    while (outcome.kind == HeadOutcome::Kind::answer) {
        outcome = reader.read_head(params);
        text += wire::describe(outcome, params);
    }
    if (outcome.kind != HeadOutcome::Kind::request) return false;
    reader.expect_body(content_length(params).value_or(0));
    read_body(reader, reading, text);
    if (reader.finish_request() == Finish::keep) return true;
    text += "closed\n";
    return false;
}

std::string serve_by_one_reader(ByteSource& source, const Reading& reading) {
    RequestReader reader(source);
    std::string text;
    while (serve_one(reader, reading, text)) continue;
    return text;
}

std::string serve_by_many_readers(ByteSource& source, std::string seen, const Reading& reading) {
    std::string text;
    for (bool goes_on = true; goes_on;) {
        RequestReader reader(source);
        reader.prime(wire::as_bytes(seen));
        goes_on = serve_one(reader, reading, text);
        seen = wire::as_text(reader.leftover());
    }
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size <= 1 + kCuts) return 0;
    Reading reading;
    if (data[0] != kReadEverything) reading.most = data[0];
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i <= kCuts; ++i) cuts.push_back(std::size_t{data[i]} + 1);
    const std::string bytes(reinterpret_cast<const char*>(data) + 1 + kCuts, size - 1 - kCuts);

    wire::MemorySource whole(bytes);
    const std::string expected = serve_by_one_reader(whole, reading);
    reading.step = cuts.front();
    wire::MemorySource cut(bytes, cuts);
    if (serve_by_one_reader(cut, reading) != expected) __builtin_trap();
    const std::size_t seen = std::min(cuts.back(), bytes.size());
    wire::MemorySource rest(bytes.substr(seen), cuts);
    if (serve_by_many_readers(rest, bytes.substr(0, seen), reading) != expected) __builtin_trap();
    return 0;
}

// What a template gets of the master's settings: bytes that are taken for settings are exactly those that the
// settings make, so nothing is guessed, passed over or read twice. And what the master gets of a template's
// traces.

#include <algorithm>
#include <cstdint>

#include "phalanx/link/trace.hpp"
#include "phalanx/link/worker_settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
    const auto settings = phalanx::link::decode(bytes);
    if (settings && !std::ranges::equal(phalanx::link::encode(*settings), bytes)) __builtin_trap();
    // A template's answer to the master: anything may come, none of it may cost more than its own size.
    (void)phalanx::link::decode_trace(bytes);
    return 0;
}

// What a template gets of the master's settings: bytes that are taken for settings are exactly those that the
// settings make, so nothing is guessed, passed over or read twice.

#include <algorithm>
#include <cstdint>

#include "phalanx/link/worker_settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
    const auto settings = phalanx::link::decode(bytes);
    if (settings && !std::ranges::equal(phalanx::link::encode(*settings), bytes)) __builtin_trap();
    return 0;
}

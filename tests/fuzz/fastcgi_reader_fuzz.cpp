// Serves the same bytes whole and cut: the input's first bytes say how. The results must be equal.

#include <cstdint>

#include "../fastcgi/transcript.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace phalanx::fastcgi::wire;
    constexpr std::size_t kCuts = 8;
    if (size <= kCuts) return 0;
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < kCuts; ++i) sizes.push_back(std::size_t{data[i]} + 1);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + kCuts, size - kCuts);
    if (serve(bytes, sizes, sizes.front()) != serve(bytes)) __builtin_trap();
    return 0;
}

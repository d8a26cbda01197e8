#pragma once

#include <cstdint>
#include <string>

namespace phalanx::harness {

/// A picture to upload: a true-colour PNG of that size with a coloured pattern, not compressed.
[[nodiscard]] std::string make_png(std::uint32_t width, std::uint32_t height);

}  // namespace phalanx::harness

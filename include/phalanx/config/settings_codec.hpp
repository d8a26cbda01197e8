#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/config/settings.hpp"

namespace phalanx::config {

/// A configuration as bytes, for the process that asked another one of the same build to read it.
[[nodiscard]] std::vector<std::byte> encode(const Settings& settings);
/// Error: the bytes are not what encode() makes.
[[nodiscard]] base::Result<Settings> decode(std::span<const std::byte> bytes);

}  // namespace phalanx::config

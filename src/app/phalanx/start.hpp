#pragma once

#include "command_line.hpp"

namespace phalanx::app {

// php-fpm's exit codes.
inline constexpr int exit_usage = 64;
inline constexpr int exit_software = 70;
inline constexpr int exit_config = 78;

/// Reads the configuration, then tests it (-t) or serves with it, in the foreground or as a daemon. Returns
/// the exit code.
[[nodiscard]] int start(const CommandLine& line);

}  // namespace phalanx::app

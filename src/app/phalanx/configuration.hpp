#pragma once

#include "command_line.hpp"
#include "phalanx/config/load.hpp"

namespace phalanx::app {

/// Reads and checks the configuration that the command line names. May wait: for name services, and for PHP
/// where a value has to be evaluated.
[[nodiscard]] config::LoadResult read_configuration(const CommandLine& line, config::Purpose purpose);

}  // namespace phalanx::app

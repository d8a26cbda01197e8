#pragma once

#include <string>
#include <vector>

#include "compat/comparison.hpp"

namespace phalanx::compat {

/// Which parts of a command's result have to be equal, besides the exit code.
enum class Compared { Everything, FirstLineOfOutput, ExitCodeOnly };

/// Runs both programs with these arguments to their end and reports what differs in exit code, output and
/// errors. "PROGRAM" stands for the name each was started by.
void compare_command(const std::string& name, const std::vector<std::string>& arguments,
                     Compared parts = Compared::Everything);

/// One configuration that is tested with -t (or dumped with -tt): a good pool with these lines added to
/// [global] and to the pool. A key that the good pool already has is replaced; the value "{none}" removes it.
struct ConfigCase {
    std::string name;
    std::vector<std::pair<std::string, std::string>> pool = {};
    std::vector<std::pair<std::string, std::string>> global = {};
    std::string text = {};  ///< instead of all that: the whole file
};

void compare_config(const ConfigCase& one, const std::string& option = "-t");

}  // namespace phalanx::compat

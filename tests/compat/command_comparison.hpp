#pragma once

#include <string>
#include <vector>

#include "compat/comparison.hpp"

namespace phalanx::compat {

/// Which parts of a command's result have to be equal, besides the exit code.
enum class Compared {
    Everything,
    Info,  ///< everything but what phpinfo() says of the moment and of how PHP was built
    ExitCodeOnly
};

/// Files that both commands find: "{files}" in an argument stands for their folder, which is also where both
/// are started.
struct CommandFiles {
    std::vector<std::pair<std::string, std::string>> texts = {};
};

/// Runs both programs with these arguments to their end and reports what differs in exit code, output and
/// errors. "PROGRAM" stands for the name each was started by.
void compare_command(const std::string& name, const std::vector<std::string>& arguments,
                     Compared parts = Compared::Everything);

/// The same for many, by what is to be compared, in a folder with these files in it.
void compare_commands(const CommandFiles& files, const std::vector<std::vector<std::string>>& commands);

/// The same with another text for argv[0].
void compare_command_called(const std::string& called, const std::vector<std::string>& arguments);

/// One configuration that is tested with -t (or dumped with -tt): a good pool with these lines added to
/// [global] and to the pool. A key that the good pool already has is replaced; the value "{none}" removes it.
struct ConfigCase {
    std::string name;
    std::vector<std::pair<std::string, std::string>> pool = {};
    std::vector<std::pair<std::string, std::string>> global = {};
    std::string text = {};  ///< instead of all that: the whole file
};

[[nodiscard]] harness::ConfigFile config_of(const ConfigCase& one);

void compare_config(const ConfigCase& one, const std::string& option = "-t");

}  // namespace phalanx::compat

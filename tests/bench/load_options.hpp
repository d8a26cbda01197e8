#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/load.hpp"

namespace phalanx::bench {

/// The longest run that can be asked for: a forgotten benchmark stops by itself.
inline constexpr harness::milliseconds kLongestRun{600'000};

struct LoadOptions {
    harness::LoadPlan plan;
    pid_t master = 0;  ///< whose processes' CPU time is reported; 0: none
    bool json = false;
};

[[nodiscard]] std::string usage();

/// The options of a command line without its program name, or what is wrong with them in one line.
[[nodiscard]] std::variant<LoadOptions, std::string> parse_options(const std::vector<std::string>& arguments);

}  // namespace phalanx::bench

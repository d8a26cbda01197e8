#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/config/load.hpp"
#include "phalanx/master/plan.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::master {

// What passes by the environment between a master and the program that is to take its place.

/// "FD:PID:NICE", set for a test (-t) by a master whose program was replaced, with its process number and
/// the priority it was started with: the new program is to read and check the configuration as for a start
/// in that process, to write to FD what comes of it, and to say the word, then its addresses, on its standard
/// output.
inline constexpr const char* trial_variable = "PHALANX_UPGRADE_TRIAL";
inline constexpr std::string_view upgrade_word = "phalanx takes over running masters";
/// Begins a line with an address at which the program would listen: a path, or a number and a port, or
/// several of which the first that can be had is taken.
inline constexpr std::string_view address_word = "phalanx listens at ";
inline constexpr char address_separator = '\t';

/// "FD:PID": the socket to the former master, and its process number (os::take_passed_descriptor).
inline constexpr const char* former_master_variable = "PHALANX_FORMER_MASTER";

/// "FD:": what the program has written in its trial.
inline constexpr const char* tried_variable = "PHALANX_UPGRADE_CONFIGURATION";

struct TrialOrder {
    os::UniqueFd file;
    MasterFacts facts;
};
/// The order that this program was executed with, if any.
[[nodiscard]] std::optional<TrialOrder> take_trial_order();

/// What a trial has read and checked. The start that follows reads nothing: what it takes has been checked,
/// whatever became of files, users and hosts' names in between.
struct TriedConfiguration {
    std::vector<config::Diagnostic> diagnostics;
    std::size_t early = 0;  ///< so many of these came before error_log was opened
    Plan plan;
};
[[nodiscard]] base::Result<void> write_tried(const os::UniqueFd& file, const TriedConfiguration& tried);
/// Those at which the plan's pools would listen, as lines of the trial have them.
[[nodiscard]] std::vector<std::string> addresses_of(const Plan& plan);
/// Nothing: there was no trial, or it was another program's.
[[nodiscard]] std::optional<TriedConfiguration> take_tried();

}  // namespace phalanx::master

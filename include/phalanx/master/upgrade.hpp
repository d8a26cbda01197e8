#pragma once

#include <string_view>

namespace phalanx::master {

// What passes by the environment between a master and the program that is to take its place.

/// Set for a test (-t) by a master that wants to know whether this program can take its place; the program
/// then says the word on its standard output.
inline constexpr const char* trial_variable = "PHALANX_UPGRADE_TRIAL";
inline constexpr std::string_view upgrade_word = "phalanx takes over running masters";

/// "FD:PID": the socket to the former master, and its process number (os::take_passed_descriptor).
inline constexpr const char* former_master_variable = "PHALANX_FORMER_MASTER";

}  // namespace phalanx::master

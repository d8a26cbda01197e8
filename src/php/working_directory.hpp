#pragma once

#include <string_view>

namespace phalanx::php {

/// Notes the directory that the worker stands in between scripts.
void remember_working_directory();

/// In a process of a script's own: gives the note up, with its descriptor.
void forget_working_directory() noexcept;

/// Goes to the directory of a script. The engine would ask for the present one first, each time.
void enter_directory_of(std::string_view script) noexcept;

/// Goes back to the remembered directory, which shutdown functions and the next request's relative paths
/// start from.
void leave_script_directory() noexcept;

}  // namespace phalanx::php

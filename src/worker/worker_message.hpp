#pragma once

#include <string_view>

#include "phalanx/php/request_port.hpp"

namespace phalanx::worker {

[[nodiscard]] std::string_view level_name(php::MessageLevel level);

/// Writes "LEVEL: TEXT" to standard error, in one piece, where the master catches it (catch_workers_output).
/// `mark` follows a text that was cut. Messages of level debug are left out.
void write_message(php::MessageLevel level, std::string_view text, std::string_view mark);

}  // namespace phalanx::worker

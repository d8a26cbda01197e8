#pragma once

#include <string_view>

#include "phalanx/php/request_port.hpp"

namespace phalanx::php {

/// Longest text that is passed on, in bytes; the rest is cut. php-fpm's "log_limit" cuts it further.
inline constexpr std::size_t longest_message = 65536;

/// A message to wherever messages go just now: the running request's port, else the message sink.
void report(MessageLevel level, std::string_view text) noexcept;

/// The same of a text made of parts.
void report(MessageLevel level, std::string_view before, std::string_view name,
            std::string_view after) noexcept;

}  // namespace phalanx::php

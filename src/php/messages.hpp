#pragma once

#include <string_view>

#include "phalanx/php/request_port.hpp"

namespace phalanx::php {

/// Longest text that is passed on, in bytes; the rest is cut. php-fpm's "log_limit" cuts it further.
inline constexpr std::size_t longest_message = 65536;

/// The place that a message comes from, taken by every call's default argument.
struct MessagePlace {
    const char* function;
    int line;
    [[nodiscard]] static constexpr MessagePlace current(const char* caller = __builtin_FUNCTION(),
                                                        int caller_line = __builtin_LINE()) {
        return {caller, caller_line};
    }
};

/// A message to wherever messages go just now: the running request's port, else the message sink.
void report(MessageLevel level, std::string_view text,
            const MessagePlace& place = MessagePlace::current()) noexcept;

/// The same of a text made of parts.
void report(MessageLevel level, std::string_view before, std::string_view name, std::string_view after,
            const MessagePlace& place = MessagePlace::current()) noexcept;

/// What PHP itself has to say.
void report_php_message(const char* text) noexcept;

}  // namespace phalanx::php

#include "messages.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "cgi_module.hpp"
#include "phalanx/php/engine.hpp"
#include "request_state.hpp"

namespace phalanx::php {
namespace {

std::string_view level_name(MessageLevel level) {
    switch (level) {
        case MessageLevel::debug:
            return "DEBUG: ";
        case MessageLevel::notice:
            return "NOTICE: ";
        case MessageLevel::warning:
            return "WARNING: ";
        case MessageLevel::error:
            break;
    }
    return "ERROR: ";
}

void write_to_stderr(void*, const Message& message) noexcept {
    std::string line(level_name(message.level));
    line.append(message.text).append("\n");
    // Nothing can be done about a standard error that takes no more.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

struct Sink {
    MessageSink take = write_to_stderr;
    void* context = nullptr;
} sink;

void deliver(const Message& message) noexcept {
    if (const Request* const request = running_request()) {
        request->port->log(message, cgi_settings.logging);
    } else {
        sink.take(sink.context, message);
    }
}

/// Holds until the next call.
std::string_view joined(std::string_view before, std::string_view name, std::string_view after) {
    static std::string text;
    text.assign(before);
    text.append(name.substr(0, longest_message)).append(after.substr(0, longest_message));
    return text;
}

}  // namespace

void set_message_sink(MessageSink take, void* context) {
    sink = {take, context};
}

void report(MessageLevel level, std::string_view text, const MessagePlace& place) noexcept {
    deliver({level, text.substr(0, longest_message), false, place.function, place.line});
}

void report(MessageLevel level, std::string_view before, std::string_view name, std::string_view after,
            const MessagePlace& place) noexcept {
    report(level, joined(before, name, after), place);
}

void report_php_message(const char* text) noexcept {
    const MessagePlace place = MessagePlace::current(__func__, __LINE__);
    const std::string_view whole = joined("PHP message: ", text, "");
    deliver({MessageLevel::notice, whole.substr(0, longest_message), true, place.function, place.line});
}

}  // namespace phalanx::php

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

void write_to_stderr(void*, MessageLevel level, std::string_view text) noexcept {
    std::string line(level_name(level));
    line.append(text).append("\n");
    // Nothing can be done about a standard error that takes no more.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

struct Sink {
    MessageSink take = write_to_stderr;
    void* context = nullptr;
} sink;

}  // namespace

void set_message_sink(MessageSink take, void* context) {
    sink = {take, context};
}

void report(MessageLevel level, std::string_view text) noexcept {
    const std::string_view cut = text.substr(0, longest_message);
    if (const Request* const request = running_request()) {
        request->port->log(level, cut, cgi_settings.logging);
    } else {
        sink.take(sink.context, level, cut);
    }
}

void report(MessageLevel level, std::string_view before, std::string_view name,
            std::string_view after) noexcept {
    static std::string text;
    text.assign(before);
    text.append(name.substr(0, longest_message)).append(after.substr(0, longest_message));
    report(level, text);
}

}  // namespace phalanx::php

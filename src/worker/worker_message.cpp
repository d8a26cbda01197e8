#include "worker_message.hpp"

#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "phalanx/log/level.hpp"

namespace phalanx::worker {
namespace {

// The first four of the error log's levels.
static_assert(static_cast<int>(php::MessageLevel::error) == static_cast<int>(log::Level::error));

/// What a message ends in that was longer than log_limit allows.
constexpr std::string_view cut_mark = "...";

}  // namespace

WorkerMessage::WorkerMessage(const link::WorkerSettings& settings, const php::Message& message) {
    const auto least = static_cast<log::Level>(settings.log_level);
    const bool shown = static_cast<log::Level>(message.level) >= least;
    wanted_ = settings.capture_output != 0 && (shown || message.is_php);
    if (shown) open(message, least == log::Level::debug);
    const std::size_t limit = settings.log_limit;
    const std::size_t room = limit - std::min(limit, opening_size_ + 1);  // the line's end counts
    const bool cut = message.text.size() > room;
    text_ = message.text.substr(0, cut ? room - std::min(room, cut_mark.size()) : room);
    if (cut) mark_ = cut_mark;
}

void WorkerMessage::open(const php::Message& message, bool tells_place) {
    const std::string_view name = log::level_name(static_cast<log::Level>(message.level));
    const auto end = tells_place
                         ? fmt::format_to_n(opening_.data(), opening_.size(), "{}: {}(), line {}: ", name,
                                            message.function, message.line)
                         : fmt::format_to_n(opening_.data(), opening_.size(), "{}: ", name);
    opening_size_ = std::min(end.size, opening_.size());
}

void WorkerMessage::write_to_standard_error() const {
    if (!wanted_) return;
    const iovec line[] = {{const_cast<char*>(opening_.data()), opening_size_},
                          {const_cast<char*>(text_.data()), text_.size()},
                          {const_cast<char*>(mark_.data()), mark_.size()},
                          {const_cast<char*>("\n"), 1}};
    (void)!::writev(STDERR_FILENO, line, std::size(line));
}

}  // namespace phalanx::worker

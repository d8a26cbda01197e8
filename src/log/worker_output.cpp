#include "phalanx/log/worker_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "unit.hpp"

namespace phalanx::log {
namespace {

/// Room for text that even an absurd limit leaves.
constexpr std::size_t min_capacity = 64;

}  // namespace

OutputDecorator::OutputDecorator(OutputSettings settings)
    : decorated_(settings.decoration == Decoration::decorated),
      escaping_(decorated_ ? Escaping::line : Escaping::newline) {
    std::size_t taken = 1;  // php-fpm's limit counts an end
    if (decorated_) {
        const std::string speaker = fmt::format("[pool {}] child {} said into ", settings.pool, settings.pid);
        opening_ = {speaker + "stdout: \"", speaker + "stderr: \""};
        closing_ = "\"";
        taken += settings.prefix_size + opening_[0].size() + closing_.size();
    }
    const std::size_t limit = std::min(settings.log_limit, max_line_size);
    capacity_ = std::max(limit, taken + min_capacity) - taken;
}

void OutputDecorator::feed(Stream stream, std::string_view bytes, const LineTaker& take) {
    if (bytes.empty()) return;
    finish_line(stream == Stream::out ? Stream::err : Stream::out, {}, take);
    while (!bytes.empty()) {
        if (pending(stream).marker_bytes > 0) {
            bytes.remove_prefix(feed_marker(stream, bytes, take));
            continue;
        }
        const std::size_t text = std::min(bytes.find(end_marker.front()), bytes.size());
        feed_text(stream, bytes.substr(0, text), take);
        bytes.remove_prefix(text);
        if (!bytes.empty()) {
            pending(stream).marker_bytes = 1;
            bytes.remove_prefix(1);
        }
    }
}

/// One step while a part of the marker has been seen: the bytes taken. What turns out to be none is text;
/// only a marker's first byte can begin another, and it does not recur before the last.
std::size_t OutputDecorator::feed_marker(Stream stream, std::string_view bytes, const LineTaker& take) {
    std::size_t& seen = pending(stream).marker_bytes;
    if (bytes.front() != end_marker[seen]) {
        const std::size_t false_start = std::exchange(seen, 0);
        feed_text(stream, end_marker.substr(0, false_start), take);
        return 0;
    }
    if (++seen == end_marker.size()) {
        seen = 0;
        finish_line(Stream::out, {}, take);
        finish_line(Stream::err, {}, take);
    }
    return 1;
}

void OutputDecorator::feed_text(Stream stream, std::string_view bytes, const LineTaker& take) {
    std::string& text = pending(stream).text;
    while (!bytes.empty()) {
        const std::size_t newline = bytes.find('\n');
        // A bounded piece at a time: the line under way never outgrows what it needs to be cut.
        const std::size_t length = std::min({newline, bytes.size(), capacity_});
        text += bytes.substr(0, length);
        bytes.remove_prefix(length);
        if (length == newline) {
            finish_line(stream, {}, take);
            bytes.remove_prefix(1);
        }
        while (text.size() >= capacity_ + max_unit_length) give_piece(stream, {}, take);
    }
}

void OutputDecorator::finish_line(Stream stream, std::string_view ending, const LineTaker& take) {
    while (!pending(stream).text.empty()) give_piece(stream, ending, take);
}

void OutputDecorator::give_piece(Stream stream, std::string_view ending, const LineTaker& take) {
    std::string& text = pending(stream).text;
    line_ = opening_[static_cast<std::size_t>(stream)];
    std::string_view rest = text;
    std::size_t room = capacity_;
    while (!rest.empty()) {
        const Unit unit = first_unit(rest, escaping_);
        if (unit.written_length() > room) break;
        append_unit(line_, rest, unit);
        room -= unit.written_length();
        rest.remove_prefix(unit.length);
    }
    line_ += closing_;
    if (rest.empty()) line_ += ending;
    text.erase(0, text.size() - rest.size());
    take(line_);
}

bool OutputDecorator::is_within_line(Stream stream) const {
    const Pending& line = pending_[static_cast<std::size_t>(stream)];
    return !line.text.empty() || line.marker_bytes > 0;
}

void OutputDecorator::close(Stream stream, Closed closed, const LineTaker& take) {
    Pending& last = pending(stream);
    feed_text(stream, end_marker.substr(0, std::exchange(last.marker_bytes, 0)), take);
    finish_line(stream, decorated_ && closed == Closed::at_once ? ", pipe is closed" : "", take);
}

}  // namespace phalanx::log

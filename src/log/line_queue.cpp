#include "line_queue.hpp"

#include <utility>

namespace phalanx::log {

void LineQueue::add(std::string_view line, Output& output) {
    if (lost_ > 0 || bytes_ + line.size() > limit_) {
        // Nothing overtakes a gap: take_lost() must have been told first.
        if (lost_ > 0 || !lines_.empty()) {
            ++lost_;
            return;
        }
    }
    const std::size_t written = lines_.empty() ? output.write(line) : 0;
    if (written == line.size()) return;
    lines_.emplace_back(line);
    bytes_ += line.size();
    if (lines_.size() == 1) written_of_first_ = written;
}

void LineQueue::flush(Output& output) {
    while (!lines_.empty()) {
        const std::string_view rest = std::string_view(lines_.front()).substr(written_of_first_);
        const std::size_t written = output.write(rest);
        if (written < rest.size()) {
            written_of_first_ += written;
            return;
        }
        bytes_ -= lines_.front().size();
        lines_.pop_front();
        written_of_first_ = 0;
    }
}

std::uint64_t LineQueue::take_lost() {
    return bytes_ <= limit_ / 2 ? std::exchange(lost_, 0) : 0;
}

}  // namespace phalanx::log

#include "phalanx/fastcgi/buffered_source.hpp"

#include <algorithm>

#include "phalanx/base/panic.hpp"

namespace phalanx::fastcgi {

void BufferedSource::reset() {
    state_ = State::open;
    rest_ = {};
}

void BufferedSource::prime(std::span<const std::byte> bytes) {
    if (!rest_.empty()) base::panic("priming a source that has bytes buffered");
    rest_ = bytes;
}

void BufferedSource::consume(std::size_t count) {
    if (count > rest_.size()) base::panic("consuming more than is buffered");
    rest_ = rest_.subspan(count);
}

bool BufferedSource::await() {
    if (!rest_.empty()) return true;
    const std::size_t count = read_source(buffer_);
    rest_ = std::span(buffer_).first(count);
    return count > 0;
}

bool BufferedSource::read_exactly(std::span<std::byte> room) {
    while (!room.empty()) {
        const std::size_t count = read_some(room);
        if (count == 0) return false;
        room = room.subspan(count);
    }
    return true;
}

std::size_t BufferedSource::read_some(std::span<std::byte> room) {
    // Half a buffer is worth a read of its own: it saves the copy and reads nothing ahead.
    if (rest_.empty() && room.size() >= kBufferBytes / 2) return read_source(room);
    if (room.empty() || !await()) return 0;
    const std::size_t count = std::min(room.size(), rest_.size());
    std::copy_n(rest_.begin(), count, room.begin());
    consume(count);
    return count;
}

bool BufferedSource::skip(std::size_t count) {
    while (count > 0) {
        if (!await()) return false;
        const std::size_t step = std::min(count, rest_.size());
        consume(step);
        count -= step;
    }
    return true;
}

std::size_t BufferedSource::read_source(std::span<std::byte> room) {
    if (state_ != State::open) return 0;
    const std::ptrdiff_t count = source_.read(room);
    if (count > static_cast<std::ptrdiff_t>(room.size())) base::panic("a source gave more than was asked");
    if (count > 0) return static_cast<std::size_t>(count);
    state_ = count == 0 ? State::end_of_stream : State::failed;
    return 0;
}

}  // namespace phalanx::fastcgi

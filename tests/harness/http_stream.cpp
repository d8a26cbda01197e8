#include "harness/http_stream.hpp"

#include <poll.h>

#include <array>
#include <cerrno>

namespace phalanx::harness {

HttpStream::HttpStream(const Address& server, std::string_view target) : HttpStream(server) {
    send("GET " + std::string(target) + " HTTP/1.0\r\n\r\n");
}

bool HttpStream::send(std::string_view bytes, milliseconds deadline) {
    return send_all(socket_, bytes, Clock::now() + deadline);
}

bool HttpStream::wait_for_end(std::string_view text, milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    while (!received_.ends_with(text)) {
        if (!read_more(end)) return false;
    }
    return true;
}

bool HttpStream::wait_until_closed(milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    while (read_more(end)) {
    }
    return closed_;
}

bool HttpStream::read_more(Clock::time_point end) {
    std::array<char, 4096> buffer;
    while (!closed_ && wait_for(socket_.get(), POLLIN, end)) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EAGAIN) continue;
        closed_ = got <= 0;
        if (!closed_) received_.append(buffer.data(), static_cast<std::size_t>(got));
        return !closed_;
    }
    return false;
}

}  // namespace phalanx::harness

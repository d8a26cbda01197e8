#include "client_stream.hpp"

#include <sys/uio.h>

#include <array>

#include "phalanx/fastcgi/response_writer.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::worker {
void ClientStream::detach() {
    former_peer_ = os::peer_ip(fd_);
    fd_ = -1;
}

std::string ClientStream::peer_ip() const {
    return is_detached() ? former_peer_ : os::peer_ip(fd_);
}

std::ptrdiff_t ClientStream::read(std::span<std::byte> room) noexcept {
    if (read_deadline_ && std::chrono::steady_clock::now() >= *read_deadline_) return -1;
    const os::ReadResult result = os::read_some(fd_, room, read_limit_);
    switch (result.state) {
        case os::ReadResult::State::bytes:
            return static_cast<std::ptrdiff_t>(result.size);
        case os::ReadResult::State::end:
            return 0;
        case os::ReadResult::State::nothing:
            break;
    }
    return -1;
}

void ClientStream::begin_request() {
    read_limit_ = stall_limit;
    read_deadline_.reset();
    answer_begun_ = 0;
}

void ClientStream::end_answer() {
    read_limit_ = answered_stall_limit;
    read_deadline_ = std::chrono::steady_clock::now() + answered_limit;
}

bool ClientStream::write(std::span<const fastcgi::Piece> pieces) noexcept {
    // Before the first byte leaves: whoever looks in between must not answer a second time.
    if (answer_begun_ == 0 && slot_ != nullptr) slot_->answer_begins();
    answer_begun_ = 1;
    std::array<iovec, fastcgi::ResponseWriter::kMaxPieces> vector;
    std::size_t count = 0;
    for (const fastcgi::Piece& piece : pieces) {
        vector[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
    }
    return os::send_all(fd_, std::span(vector).first(count), stall_limit);
}

void ClientStream::say_end() const {
    os::end_sending(fd_);
}

}  // namespace phalanx::worker

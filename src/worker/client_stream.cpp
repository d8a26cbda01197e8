#include "client_stream.hpp"

#include <sys/uio.h>

#include <array>
#include <utility>

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
    // After the answer nobody misses what is still to come.
    if (!read_deadline_) tell_slow(link::SlowClient::sending);
    return -1;
}

void ClientStream::begin_request() {
    read_limit_ = body_timeout_;
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
    const os::Delivery delivery = os::send_all(fd_, std::span(vector).first(count), write_timeout_);
    if (delivery == os::Delivery::stalled) tell_slow(link::SlowClient::taking);
    return delivery == os::Delivery::whole;
}

void ClientStream::tell_slow(link::SlowClient how) noexcept {
    if (!std::exchange(was_slow_, true)) slow_clients_.tell(how, fd_);
}

void ClientStream::say_end() const {
    os::end_sending(fd_);
}

}  // namespace phalanx::worker

#include "client_stream.hpp"

#include <sys/uio.h>

#include <array>
#include <utility>

#include "phalanx/fastcgi/response_writer.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::worker {

std::ptrdiff_t ClientStream::read(std::span<std::byte> room) noexcept {
    if (after_answer_ && !may_read_on()) return -1;
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
    if (!after_answer_) tell_slow(link::SlowClient::sending);
    return -1;
}

void ClientStream::begin_request(bool keeps_connection) {
    ends_with_answer_ = is_tcp_ && !keeps_connection;
    await_request();
    answer_begun_ = 0;
}

void ClientStream::await_request() {
    read_limit_ = body_timeout_;
    after_answer_.reset();
}

void ClientStream::end_answer() {
    read_limit_ = answered_stall_limit;
    after_answer_.emplace();
}

bool ClientStream::may_read_on() {
    if (!std::exchange(after_answer_->has_read, true)) return true;
    const auto now = std::chrono::steady_clock::now();
    if (!after_answer_->deadline) after_answer_->deadline = now + answered_limit;
    return now < *after_answer_->deadline;
}

bool ClientStream::write(std::span<const fastcgi::Piece> pieces) noexcept {
    return write(pieces, &os::send_all);
}

bool ClientStream::write_last(std::span<const fastcgi::Piece> pieces) noexcept {
    return write(pieces, ends_with_answer_ ? &os::send_all_and_end : &os::send_all);
}

bool ClientStream::write(std::span<const fastcgi::Piece> pieces, Send send) noexcept {
    // Before the first byte leaves: whoever looks in between must not answer a second time.
    if (answer_begun_ == 0 && slot_ != nullptr) slot_->answer_begins();
    answer_begun_ = 1;
    std::array<iovec, fastcgi::ResponseWriter::kMaxPieces> vector;
    std::size_t count = 0;
    for (const fastcgi::Piece& piece : pieces) {
        vector[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
    }
    const os::Delivery delivery = send(fd_, std::span(vector).first(count), write_timeout_);
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

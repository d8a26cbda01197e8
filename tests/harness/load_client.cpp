#include "harness/load_client.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace phalanx::harness {
namespace {

constexpr std::size_t kReadSize = 65'536;
constexpr std::size_t byte(char value) {
    return static_cast<unsigned char>(value);
}

}  // namespace

void AnswerSkimmer::reset() {
    head_.clear();
    content_left_ = padding_left_ = output_size_ = 0;
    front_.clear();
}

bool AnswerSkimmer::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        if (head_.size() < kRecordHead) {
            const std::size_t part = std::min(bytes.size(), kRecordHead - head_.size());
            head_.append(bytes.substr(0, part));
            bytes.remove_prefix(part);
            if (head_.size() < kRecordHead) return false;
            content_left_ = byte(head_[4]) << 8 | byte(head_[5]);
            padding_left_ = byte(head_[6]);
        }
        const std::size_t content = std::min(bytes.size(), content_left_);
        take_content(bytes.substr(0, content));
        bytes.remove_prefix(content);
        content_left_ -= content;
        const std::size_t padding = std::min(bytes.size(), padding_left_);
        bytes.remove_prefix(padding);
        padding_left_ -= padding;
        if (content_left_ + padding_left_ > 0) return false;
        if (static_cast<RecordType>(head_[1]) == RecordType::End) return true;
        head_.clear();
    }
    return false;
}

void AnswerSkimmer::take_content(std::string_view bytes) {
    if (static_cast<RecordType>(head_[1]) != RecordType::Stdout) return;
    output_size_ += bytes.size();
    front_.append(bytes.substr(0, kFront - front_.size()));
}

bool AnswerSkimmer::is_ok() const {
    return front_.find("\r\n\r\n") != front_.npos && !front_.starts_with("Status:");
}

std::size_t AnswerSkimmer::body_size() const {
    const std::size_t end = front_.find("\r\n\r\n");
    return end == front_.npos ? 0 : output_size_ - end - 4;
}

std::string_view AnswerSkimmer::front_of_body() const {
    const std::size_t end = front_.find("\r\n\r\n");
    return end == front_.npos ? std::string_view() : std::string_view(front_).substr(end + 4);
}

LoadClient::State LoadClient::begin(const LoadPlan& plan, std::string_view bytes, int epoll,
                                    std::uint32_t own_number) {
    plan_ = &plan;
    epoll_ = epoll;
    own_number_ = own_number;
    unsent_ = bytes;
    answer_.reset();
    begun_ = Clock::now();
    return state_ = socket_.is_open() ? send_more() : connect();
}

LoadClient::State LoadClient::try_again() {
    return state_ = connect();
}

LoadClient::State LoadClient::connect() {
    sockaddr_storage storage;
    const socklen_t length = plan_->server.fill(storage);
    socket_ = Descriptor(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const bool done = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0;
    if (!done && errno != EINPROGRESS) {
        const bool line_is_full = errno == EAGAIN;
        socket_.close();
        return line_is_full ? State::WaitingToConnect : State::Refused;
    }
    watches_writing_ = !done;
    epoll_event event{};
    event.events = done ? EPOLLIN : EPOLLIN | EPOLLOUT;
    event.data.u32 = own_number_;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.get(), &event);
    return done ? send_more() : State::InFlight;
}

LoadClient::State LoadClient::send_more() {
    while (!unsent_.empty()) {
        const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN) return State::Broken;
            watch(true);
            return State::InFlight;
        }
        unsent_.remove_prefix(static_cast<std::size_t>(sent));
    }
    watch(false);
    return State::InFlight;
}

void LoadClient::watch(bool for_writing) {
    if (for_writing == watches_writing_) return;
    watches_writing_ = for_writing;
    epoll_event event{};
    event.events = for_writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u32 = own_number_;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_.get(), &event);
}

LoadClient::State LoadClient::step() {
    if (state_ != State::InFlight) return state_;
    if (!unsent_.empty() && (state_ = send_more()) != State::InFlight) return state_;
    static thread_local std::array<char, kReadSize> buffer;
    for (;;) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return state_ = State::Broken;
        if (got < 0) return state_;
        if (answer_.feed({buffer.data(), static_cast<std::size_t>(got)})) return state_ = State::Answered;
        if (static_cast<std::size_t>(got) < buffer.size()) return state_;
    }
}

void LoadClient::rest(bool keep_connection) {
    if (!keep_connection) socket_.close();
    state_ = State::Resting;
}

}  // namespace phalanx::harness

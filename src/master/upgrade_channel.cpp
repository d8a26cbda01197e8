#include "upgrade_channel.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "phalanx/os/lingering.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

/// When a full socket is tried again. Its readiness does not tell: what is full may be the kernel's room for
/// descriptors on their way.
constexpr std::chrono::milliseconds retry_interval{5};
/// Packets looked at before others get their turn.
constexpr int packets_per_event = 64;

std::uint64_t usec_of(base::MonotonicTime time) {
    const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(usec, 0));
}

}  // namespace

os::SendResult send_now(int socket, const UpgradePacket& packet) {
    UpgradeHead head = packet.head;
    head.size = static_cast<std::uint32_t>(packet.bytes.size());
    const int fd = packet.fd.get();
    return os::send_message(socket, std::as_bytes(std::span(&head, 1)),
                            std::as_bytes(std::span(packet.bytes)), std::span(&fd, packet.fd ? 1 : 0),
                            os::Waiting::no);
}

UpgradeChannel::UpgradeChannel(EventLoop& loop, os::UniqueFd socket, Taker take, std::function<void()> ended)
    : loop_(loop),
      socket_(std::move(socket)),
      take_(std::move(take)),
      ended_(std::move(ended)),
      retry_timer_(loop) {}

UpgradeChannel::~UpgradeChannel() {
    end();
}

base::Result<void> UpgradeChannel::watch() {
    auto watch = loop_.watch(socket_.get(), EPOLLIN, *this);
    if (!watch) return watch.error();
    watch_ = *std::move(watch);
    return {};
}

void UpgradeChannel::send(UpgradePacket packet) {
    if (packet.fd) os::stop_lingering(packet.fd.get());
    queue_.push_back(std::move(packet));
    // Else others wait before it.
    if (queue_.size() == 1 || !is_open()) flush();
}

void UpgradeChannel::send_connection(std::uint32_t pool, PassedConnection connection) {
    std::string_view rest = connection.bytes;
    while (rest.size() > most_packet_bytes) {
        UpgradePacket part = make_packet(UpgradeKind::part, pool);
        part.bytes = rest.substr(0, most_packet_bytes);
        rest.remove_prefix(most_packet_bytes);
        send(std::move(part));
    }
    UpgradePacket last = make_packet(UpgradeKind::connection, pool, usec_of(connection.since));
    if (connection.served == Served::yes) last.head.flags |= flag_has_served;
    if (connection.place == LinePlace::front) last.head.flags |= flag_was_first;
    last.bytes = rest;
    last.fd = std::move(connection.fd);
    send(std::move(last));
}

void UpgradeChannel::flush() {
    while (!queue_.empty()) {
        const auto sent = is_open() ? send_now(socket_.get(), queue_.front()) : os::SendResult::peer_gone;
        if (sent == os::SendResult::would_block) {
            return retry_timer_.start(retry_interval, [this] { flush(); });
        }
        UpgradePacket packet = std::move(queue_.front());
        queue_.pop_front();
        // The other side has it: what is closed here is a duplicate only.
        if (sent == os::SendResult::sent) continue;
        if (packet.fd) os::close_without_lingering(std::move(packet.fd));
    }
}

UpgradeChannel::Received UpgradeChannel::receive(UpgradePacket& packet) {
    static std::array<std::byte, sizeof(UpgradeHead) + most_packet_bytes> room;
    for (;;) {
        os::ReceivedMessage message = os::receive_message(socket_.get(), room, 1, os::Waiting::no);
        if (message.state == os::ReceivedMessage::State::nothing) return Received::nothing;
        packet = {};
        if (!message.fds.empty()) packet.fd = std::move(message.fds[0]);
        const bool has_form = message.state == os::ReceivedMessage::State::message && !message.cut &&
                              message.size >= sizeof packet.head;
        if (has_form) std::memcpy(&packet.head, room.data(), sizeof packet.head);
        const std::size_t size = has_form ? message.size - sizeof packet.head : 0;
        const bool is_connection = packet.head.kind == UpgradeKind::connection;
        if (!has_form || size != packet.head.size || is_connection != static_cast<bool>(packet.fd) ||
            parts_.size() + size > most_connection_bytes)
            return Received::end;
        const std::string_view bytes(reinterpret_cast<const char*>(room.data()) + sizeof packet.head, size);
        if (packet.head.kind == UpgradeKind::part) {
            parts_ += bytes;
            continue;
        }
        if (is_connection) packet.bytes = std::exchange(parts_, {});
        packet.bytes += bytes;
        return Received::packet;
    }
}

void UpgradeChannel::on_ready(std::uint32_t) {
    for (int i = 0; i < packets_per_event && is_open(); ++i) {
        UpgradePacket packet;
        const Received received = receive(packet);
        if (received == Received::nothing) return;
        if (received == Received::end) {
            if (packet.fd) os::close_without_lingering(std::move(packet.fd));
            end();
            return ended_();
        }
        take_(std::move(packet));
    }
}

void UpgradeChannel::end() {
    watch_ = {};
    socket_.reset();
    retry_timer_.cancel();
    flush();
}

}  // namespace phalanx::master

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "connection_heir.hpp"
#include "event_loop.hpp"
#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/pidfd.hpp"
#include "succession.hpp"

namespace phalanx::master {

/// What the two masters of an upgrade say to each other. Raised with every change of it: they are of
/// different releases.
inline constexpr std::uint32_t upgrade_protocol = 1;

/// F: the former master, which looks after its workers; S: its successor, whose program was executed in F's
/// place.
enum class UpgradeKind : std::uint32_t {
    hello = 1,    ///< F and S, first of all; `value`: upgrade_protocol; bytes: F's pid file
    pool,         ///< F: a pool of its own; bytes: PoolNews, then the name of its address (empty: nobody's)
    announced,    ///< F: that was the last one
    news,         ///< F: bytes: PoolNews
    no_place,     ///< F: all workers are busy
    part,         ///< F: bytes read of the connection that follows
    connection,   ///< F: descriptor; bytes: the last of those; `value`: when its request joined the line
    yield,        ///< S: make no more workers
    make_place,   ///< S: have an idle worker leave, or say that there is none
    carry_on,     ///< S: make workers again
    leave,        ///< S: hand over; S serves
    retire,       ///< S: drain; nobody serves there any more
    child_ended,  ///< S: a child that S does not know has ended; bytes: ChildNews
};

/// UpgradeHead::flags of a connection
inline constexpr std::uint32_t flag_has_served = 1;
inline constexpr std::uint32_t flag_was_first = 2;  ///< its request goes to the front of the line

struct UpgradeHead {
    UpgradeKind kind = UpgradeKind::hello;
    std::uint32_t pool = 0;  ///< in the order in which F has told of them
    std::uint32_t flags = 0;
    std::uint32_t size = 0;  ///< bytes that follow
    std::uint64_t value = 0;
};

/// How a pool of F's stands. The numbers are totals.
struct PoolNews {
    std::int64_t started_at = 0;
    std::uint64_t departed_requests = 0;
    std::uint64_t slow_requests = 0;
    std::uint64_t max_active = 0;
    std::uint64_t max_children_reached = 0;
    std::uint64_t max_listen_queue = 0;
    std::uint32_t live_workers = 0;
    std::uint32_t idle_workers = 0;
    std::uint32_t living = 0;  ///< workers that S has to count
    std::uint8_t warned_of_limit = 0;
    std::uint8_t asleep = 0;
    std::uint8_t yields = 0;
    std::uint8_t left = 0;  ///< accepts no connections any more
};

struct ChildNews {
    std::int32_t pid = 0;
    std::int32_t status = 0;
    std::uint32_t how = 0;
    std::uint32_t unused = 0;
};

struct UpgradePacket {
    UpgradeHead head;
    std::string bytes;
    os::UniqueFd fd;
};

[[nodiscard]] UpgradePacket make_packet(UpgradeKind kind, std::uint32_t pool = 0, std::uint64_t value = 0);
template <typename T>
[[nodiscard]] UpgradePacket make_packet(UpgradeKind kind, std::uint32_t pool, const T& object) {
    UpgradePacket packet = make_packet(kind, pool);
    packet.bytes.assign(reinterpret_cast<const char*>(&object), sizeof object);
    return packet;
}
/// The object at the beginning of the packet's bytes, and what comes behind it. Nothing: too few bytes.
template <typename T>
[[nodiscard]] std::optional<std::pair<T, std::string>> object_in(const UpgradePacket& packet) {
    if (packet.bytes.size() < sizeof(T)) return std::nullopt;
    std::pair<T, std::string> found;
    packet.bytes.copy(reinterpret_cast<char*>(&found.first), sizeof(T));
    found.second = packet.bytes.substr(sizeof(T));
    return found;
}
[[nodiscard]] ChildNews news_of(const os::ChildEnd& end);
/// Nothing: no such end.
[[nodiscard]] std::optional<os::ChildEnd> end_in(const ChildNews& news);
[[nodiscard]] PassedConnection connection_in(UpgradePacket packet);

/// The bytes one packet may carry, and those of a connection in all (of its parts, too).
inline constexpr std::size_t most_packet_bytes = 32 * 1024;
inline constexpr std::size_t most_connection_bytes = 8 * 1024 * 1024;

/// One end of the socket between the two. What cannot be sent at once is kept and tried again; what comes is
/// checked for form. Owned by Successor or FormerMaster.
class UpgradeChannel final : public ReadyHandler {
  public:
    using Taker = std::function<void(UpgradePacket)>;
    UpgradeChannel(EventLoop& loop, os::UniqueFd socket, Taker take, std::function<void()> ended);
    ~UpgradeChannel();
    UpgradeChannel(const UpgradeChannel&) = delete;
    UpgradeChannel& operator=(const UpgradeChannel&) = delete;

    /// From now on packets are told of.
    [[nodiscard]] base::Result<void> watch();
    void send(UpgradePacket packet);
    void send_connection(std::uint32_t pool, PassedConnection connection);
    [[nodiscard]] bool has_sent_all() const { return queue_.empty(); }
    [[nodiscard]] bool is_open() const { return static_cast<bool>(socket_); }

    enum class Received : std::uint8_t { packet, nothing, end };
    /// The next one. `end`: the other side is gone, or has sent what is none.
    [[nodiscard]] Received receive(UpgradePacket& packet);

    void on_ready(std::uint32_t events) override;

  private:
    void flush();
    void end();

    EventLoop& loop_;
    os::UniqueFd socket_;
    Taker take_;
    std::function<void()> ended_;
    Watch watch_;
    std::deque<UpgradePacket> queue_;
    std::string parts_;
    Timer retry_timer_;
};

/// Sends one packet, or does not.
[[nodiscard]] os::SendResult send_now(int socket, const UpgradePacket& packet);

}  // namespace phalanx::master

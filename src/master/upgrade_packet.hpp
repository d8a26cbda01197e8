#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connection_heir.hpp"
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
    pools,        ///< F: its pools; bytes: of each PoolNews, its address's length (32 bits) and name
    announced,    ///< F: those were all; bytes: PoolNews, with the living workers of no such pool
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

struct PoolAnnouncement {
    PoolNews news;
    std::string address;
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
/// The object that the packet's bytes are; nothing: they are none.
template <typename T>
[[nodiscard]] std::optional<T> object_in(const UpgradePacket& packet) {
    if (packet.bytes.size() != sizeof(T)) return std::nullopt;
    T object;
    packet.bytes.copy(reinterpret_cast<char*>(&object), sizeof object);
    return object;
}
/// As few packets as it takes.
[[nodiscard]] std::vector<UpgradePacket> announce(const std::vector<PoolAnnouncement>& pools);
/// Those that are whole.
[[nodiscard]] std::vector<PoolAnnouncement> pools_in(const UpgradePacket& packet);
[[nodiscard]] ChildNews news_of(const os::ChildEnd& end);
/// Nothing: no such end.
[[nodiscard]] std::optional<os::ChildEnd> end_in(const ChildNews& news);
[[nodiscard]] PassedConnection connection_in(UpgradePacket packet);

/// The bytes one packet may carry, and those of a connection in all (of its parts, too).
inline constexpr std::size_t most_packet_bytes = 32 * 1024;
inline constexpr std::size_t most_connection_bytes = 8 * 1024 * 1024;

}  // namespace phalanx::master

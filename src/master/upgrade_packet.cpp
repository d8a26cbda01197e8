#include "upgrade_packet.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace phalanx::master {
namespace {

/// Never later than now, whatever the packet says.
base::MonotonicTime time_of(std::uint64_t usec) {
    const std::uint64_t now = base::monotonic_usec();
    return base::MonotonicTime{} + std::chrono::microseconds(std::min(usec, now));
}

}  // namespace

UpgradePacket make_packet(UpgradeKind kind, std::uint32_t pool, std::uint64_t value) {
    UpgradePacket packet;
    packet.head.kind = kind;
    packet.head.pool = pool;
    packet.head.value = value;
    return packet;
}

std::vector<UpgradePacket> announce(const std::vector<PoolAnnouncement>& pools) {
    std::vector<UpgradePacket> packets;
    for (const PoolAnnouncement& pool : pools) {
        std::string bytes(reinterpret_cast<const char*>(&pool.news), sizeof pool.news);
        const auto length = static_cast<std::uint32_t>(pool.address.size());
        bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
        bytes += pool.address;
        if (packets.empty() || packets.back().bytes.size() + bytes.size() > most_packet_bytes)
            packets.push_back(make_packet(UpgradeKind::pools));
        packets.back().bytes += bytes;
    }
    return packets;
}

std::vector<PoolAnnouncement> pools_in(const UpgradePacket& packet) {
    std::vector<PoolAnnouncement> pools;
    std::string_view rest = packet.bytes;
    for (;;) {
        PoolAnnouncement pool;
        std::uint32_t length = 0;
        if (rest.size() < sizeof pool.news + sizeof length) return pools;
        rest.copy(reinterpret_cast<char*>(&pool.news), sizeof pool.news);
        rest.remove_prefix(sizeof pool.news);
        rest.copy(reinterpret_cast<char*>(&length), sizeof length);
        rest.remove_prefix(sizeof length);
        if (rest.size() < length) return pools;
        pool.address = rest.substr(0, length);
        rest.remove_prefix(length);
        pools.push_back(std::move(pool));
    }
}

ChildNews news_of(const os::ChildEnd& end) {
    return {end.pid, end.status, static_cast<std::uint32_t>(end.how), 0};
}

std::optional<os::ChildEnd> end_in(const ChildNews& news) {
    using How = os::ChildEnd::How;
    if (news.pid <= 0 || news.how > static_cast<std::uint32_t>(How::dumped_core)) return std::nullopt;
    return os::ChildEnd{news.pid, static_cast<How>(news.how), news.status};
}

PassedConnection connection_in(UpgradePacket packet) {
    PassedConnection connection;
    connection.fd = std::move(packet.fd);
    connection.served = (packet.head.flags & flag_has_served) != 0 ? Served::yes : Served::no;
    connection.place = (packet.head.flags & flag_was_first) != 0 ? LinePlace::front : LinePlace::back;
    connection.bytes = std::move(packet.bytes);
    if (packet.head.value != 0) {
        connection.since = time_of(packet.head.value);
    } else if (connection.place == LinePlace::front) {
        connection.since = base::Monotonic::now();
    }
    return connection;
}

}  // namespace phalanx::master

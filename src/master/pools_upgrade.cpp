// What becomes of the pools when another program takes this one's place.

#include <algorithm>

#include "phalanx/os/service_manager.hpp"
#include "pools.hpp"

namespace phalanx::master {

bool Pools::is_followed(const Forerunner& former) const {
    return std::ranges::any_of(present_, [&](const auto& pool) { return pool->predecessor() == &former; });
}

std::vector<os::SocketToPass> Pools::sockets_to_pass() const {
    std::vector<os::SocketToPass> all = passed_.lent();
    for (const os::ListenSocket* socket : sockets()) {
        if (socket->file == os::SocketFile::ours)
            all.push_back({socket->fd.get(), os::bound_name(*socket), os::stored_name(*socket)});
    }
    return all;
}

void Pools::become_former() {
    to_launch_.clear();
    const bool is_bounded = around_.quota.is_bounded();
    for_each(
        [&](Pool& pool) { pool.become_former(is_bounded ? std::max<std::size_t>(pool.living(), 1) : 0); });
    for (const auto& pool : present_) {
        if (pool->predecessor() != nullptr) pool->give_up();
    }
}

std::size_t Pools::living_workers() const {
    std::size_t number = 0;
    for_each([&](const Pool& pool) { number += pool.staff_size(); });
    return number;
}

bool Pools::hold_connections() const {
    bool some = false;
    for_each([&](const Pool& pool) { some = some || pool.holds_connections(); });
    return some;
}

}  // namespace phalanx::master

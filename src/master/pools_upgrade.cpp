// What becomes of the pools when another program takes this one's place.

#include <algorithm>
#include <set>
#include <sstream>

#include "access_log_file.hpp"
#include "phalanx/master/upgrade.hpp"
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

base::Result<std::vector<os::ListenSocket>> Pools::reserve(const std::vector<PoolPlan>& plans) {
    std::vector<os::ListenSocket> reserved;
    const OpenSockets open = open_sockets(plans);
    const auto reserve_all = [&]() -> base::Result<void> {
        for (const PoolPlan& plan : plans) {
            if (auto log = open_access_log(around_.log, plan.settings); !log) return log.error();
            for (const ListenPlan* where : {&plan.listen, &plan.status_listen}) {
                if (where->text.empty()) continue;
                const OpenSocket* found = find_at(open, *where);
                if (found != nullptr && os::can_be_found(*found->socket)) continue;
                auto socket = listen_at(*where, plan, open);
                if (!socket) return socket.error();
                reserved.push_back(*std::move(socket));
            }
        }
        return {};
    };
    auto done = reserve_all();
    if (done) return reserved;
    for (const os::ListenSocket& socket : reserved) os::remove_socket_file(socket);
    return done.error();
}

base::Result<void> Pools::try_listening(const std::vector<std::string>& addresses,
                                        std::span<const os::ListenSocket> reserved) const {
    std::set<std::string> known;
    std::set<os::SocketFileId> files;
    const auto know = [&](const os::ListenSocket& socket) {
        known.insert(os::bound_name(socket));
        files.insert(os::file_id(socket));
    };
    for (const os::ListenSocket* socket : sockets()) {
        if (os::can_be_found(*socket)) know(*socket);
    }
    for (const os::ListenSocket& socket : reserved) know(socket);
    for (const os::SocketToPass& lent : passed_.lent()) known.insert(lent.address);
    for (const std::string& alternatives : addresses) {
        std::vector<os::ListenAddress> where;
        std::istringstream list(alternatives);
        for (std::string text; std::getline(list, text, address_separator);) {
            auto address = os::parse_listen_address(text);
            if (!address) return address.error();
            where.push_back(*std::move(address));
        }
        const auto names = os::possible_names(where);
        const auto is_open = [&](const std::string& name) {
            const auto file = os::file_id(name);
            return known.contains(name) || (file && files.contains(*file));
        };
        if (std::ranges::any_of(names, is_open)) continue;
        os::ListenRemarks remarks;
        auto socket = os::listen_on(where, alternatives, -1, {}, remarks);
        if (!socket) return socket.error();
        os::remove_socket_file(*socket);
    }
    return {};
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

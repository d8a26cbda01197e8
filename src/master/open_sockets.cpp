#include "open_sockets.hpp"

#include <map>
#include <set>

namespace phalanx::master {

const OpenSocket* find_at(const OpenSockets& open, const ListenPlan& where) {
    for (const std::string& name : os::possible_names(where.addresses)) {
        if (const auto found = open.find(name); found != open.end()) return &found->second;
    }
    return nullptr;
}

void add_other_names(OpenSockets& open, const std::vector<PoolPlan>& plans) {
    std::set<std::string> wanted;
    for (const PoolPlan& plan : plans) {
        for (const ListenPlan* where : {&plan.listen, &plan.status_listen}) {
            for (std::string& name : os::possible_names(where->addresses)) wanted.insert(std::move(name));
        }
    }
    std::map<os::SocketFileId, OpenSocket> free;
    for (const auto& [name, socket] : open) {
        if (!wanted.contains(name) && !socket.socket->bound_path.empty())
            free.emplace(os::file_id(*socket.socket), socket);
    }
    for (const std::string& name : wanted) {
        if (free.empty()) return;
        if (!name.starts_with('/') || open.contains(name)) continue;
        const auto id = os::file_id(name);
        const auto same = id ? free.find(*id) : free.end();
        if (same != free.end()) open.emplace(name, same->second);
    }
}

}  // namespace phalanx::master

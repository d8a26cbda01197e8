#include "open_sockets.hpp"

#include <algorithm>
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
    for (const std::string& name : wanted) {
        if (!name.starts_with('/') || open.contains(name)) continue;
        const auto same = std::ranges::find_if(open, [&](const auto& entry) {
            return !wanted.contains(entry.first) && os::is_its_file(*entry.second.socket, name);
        });
        if (same == open.end()) continue;
        const OpenSocket socket = same->second;
        open.emplace(name, socket);
    }
}

}  // namespace phalanx::master

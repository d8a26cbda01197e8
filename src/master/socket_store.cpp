#include "socket_store.hpp"

#include <fmt/format.h>

#include <map>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/service_manager.hpp"

namespace phalanx::master {

void SocketStore::know(const os::PassedSockets& passed) {
    for (const os::PassedSocket& socket : passed.sockets) {
        if (os::is_stored_name(socket.name)) stored_[socket.name] = os::inode_of(socket.socket.fd.get());
    }
}

void SocketStore::keep(const std::vector<const os::ListenSocket*>& sockets) {
    if (!os::has_service_manager()) return;
    std::map<std::string, int> wanted;
    for (const os::ListenSocket* socket : sockets) {
        if (socket->file == os::SocketFile::ours) wanted.emplace(os::stored_name(*socket), socket->fd.get());
    }
    std::erase_if(stored_, [&](const auto& stored) {
        const auto found = wanted.find(stored.first);
        const bool stays = found != wanted.end() && os::inode_of(found->second) == stored.second;
        return !stays && os::notify_service_manager(fmt::format("FDSTOREREMOVE=1\nFDNAME={}", stored.first));
    });
    for (const auto& [name, fd] : wanted) {
        if (stored_.count(name) > 0) continue;
        if (os::notify_service_manager(fmt::format("FDSTORE=1\nFDNAME={}", name), fd))
            stored_[name] = os::inode_of(fd);
    }
}

}  // namespace phalanx::master

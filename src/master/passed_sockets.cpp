#include "passed_sockets.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phalanx::master {
namespace {

bool is_at(const std::string& name, const ListenPlan& where) {
    const auto names = os::possible_names(where.addresses);
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_configured(const std::string& name, const std::vector<PoolPlan>& plans) {
    return std::any_of(plans.begin(), plans.end(), [&](const PoolPlan& plan) {
        return is_at(name, plan.listen) || is_at(name, plan.status_listen);
    });
}

}  // namespace

void PassedSockets::take(os::PassedSockets passed) {
    for (const std::string& complaint : passed.complaints) log_.warning(complaint);
    sockets_ = std::move(passed.sockets);
}

void PassedSockets::add_to(OpenSockets& open, const std::vector<PoolPlan>& plans) const {
    for (const os::PassedSocket& passed : sockets_)
        open.emplace(os::bound_name(passed.socket), OpenSocket{&passed.socket, nullptr});
    for (const os::PassedSocket& passed : sockets_) {
        if (passed.name.empty() || is_configured(os::bound_name(passed.socket), plans)) continue;
        for (const PoolPlan& plan : plans) {
            offer_by_name(passed, open, plan.settings.name, plan.listen);
            // php-fpm's name for what serves there.
            if (!plan.status_listen.text.empty())
                offer_by_name(passed, open, plan.settings.name + "_status", plan.status_listen);
        }
    }
}

void PassedSockets::offer_by_name(const os::PassedSocket& passed, OpenSockets& open, const std::string& user,
                                  const ListenPlan& where) const {
    if (passed.name != user) return;
    const std::string name = os::bound_name(passed.socket);
    const OpenSocket found = open.at(name);
    bool is_used = false;
    for (const std::string& alias : os::possible_names(where.addresses))
        is_used = open.emplace(alias, found).second || is_used;
    if (is_used && !settled_)
        log_.pool(user).notice(
            fmt::format("listens at {}, a socket that was passed under the pool's name, and not at {}", name,
                        where.text));
}

bool PassedSockets::holds(const os::ListenSocket& socket) const {
    return std::any_of(sockets_.begin(), sockets_.end(), [&](const os::PassedSocket& passed) {
        return os::bound_name(passed.socket) == os::bound_name(socket);
    });
}

std::vector<os::SocketToPass> PassedSockets::lent() const {
    std::vector<os::SocketToPass> all;
    for (const os::PassedSocket& passed : sockets_)
        all.push_back({passed.socket.fd.get(), os::bound_name(passed.socket), passed.name});
    return all;
}

void PassedSockets::settle(const std::set<std::string>& used) {
    if (std::exchange(settled_, true)) return;
    std::erase_if(sockets_, [&](const os::PassedSocket& passed) {
        const std::string name = os::bound_name(passed.socket);
        const bool is_used = used.count(name) > 0;
        if (!is_used) {
            os::remove_socket_file(passed.socket);
            // Ours is one of a pool that has left the configuration since.
            log_.log(
                passed.socket.file == os::SocketFile::ours ? log::Level::debug : log::Level::warning,
                fmt::format("the socket {}{} was passed to this program and is closed: no pool listens there",
                            name, passed.name.empty() ? "" : fmt::format(" ({})", passed.name)));
        }
        // What is ours lives as long as its pool.
        return !is_used || passed.socket.file == os::SocketFile::ours;
    });
}

}  // namespace phalanx::master

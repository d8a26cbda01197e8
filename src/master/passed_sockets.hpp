#pragma once

#include <set>
#include <string>
#include <vector>

#include "open_sockets.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/master/plan.hpp"
#include "phalanx/os/passed_sockets.hpp"

namespace phalanx::master {

/// The sockets that the master was started with. One that listens at an address of the configuration is used
/// there; another is used where its name is a pool's ("www", or "www_status" for its pm.status_listen),
/// whatever address the directive says. Those that are lent stay at hand for later configurations. Owned by
/// Pools.
class PassedSockets {
  public:
    explicit PassedSockets(log::ErrorLog& log) : log_(log) {}

    void take(os::PassedSockets passed);
    /// Adds them to those that are open already and come first.
    void add_to(OpenSockets& open, const std::vector<PoolPlan>& plans) const;
    /// Whether the socket is one of these: a start that fails leaves it as it was.
    [[nodiscard]] bool holds(const os::ListenSocket& socket) const;
    /// Those that stay at hand, for a program that takes this one's place.
    [[nodiscard]] std::vector<os::SocketToPass> lent() const;
    /// The first configuration is in use: what nobody has taken is closed. `used` are names of addresses.
    void settle(const std::set<std::string>& used);

  private:
    void offer_by_name(const os::PassedSocket& passed, OpenSockets& open, const std::string& user,
                       const ListenPlan& where) const;

    log::ErrorLog& log_;
    std::vector<os::PassedSocket> sockets_;
    bool settled_ = false;
};

}  // namespace phalanx::master

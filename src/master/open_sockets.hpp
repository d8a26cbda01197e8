#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "phalanx/master/plan.hpp"
#include "phalanx/os/listen_socket.hpp"

namespace phalanx::master {

class Pool;

/// A socket that is open, whatever it is for.
struct OpenSocket {
    const os::ListenSocket* socket;
    Pool* pool;  ///< whose main socket it is, if that one serves
};

/// By the names of the addresses at which they may be looked for.
using OpenSockets = std::unordered_map<std::string, OpenSocket>;

/// Nothing where no such socket is open.
[[nodiscard]] const OpenSocket* find_at(const OpenSockets& open, const ListenPlan& where);
/// Adds the names by which the plans mean a Unix socket that is open under another one, which no plan has any
/// more: /var/run is mostly /run, and a configuration may be told so while it is in use.
void add_other_names(OpenSockets& open, const std::vector<PoolPlan>& plans);

}  // namespace phalanx::master

#pragma once

#include <string>
#include <unordered_map>

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

}  // namespace phalanx::master

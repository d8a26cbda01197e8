#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connection_share.hpp"
#include "phalanx/base/clock.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::master {

/// Whether a connection has had a request answered: then it may be silent between two.
enum class Served : std::uint8_t { no, yes };

/// Where a request joins the line.
enum class LinePlace : std::uint8_t { front, back };

/// A request that can be given to a worker: either on a connection the master keeps a duplicate of (`held`)
/// or on one that goes out of its hands with the job (`fd`).
struct Job {
    os::UniqueFd fd;
    std::optional<link::ConnectionId> held;
    std::string bytes;              ///< read from the connection already
    std::uint16_t request_id = 0;   ///< FastCGI's, for an answer of the master's
    bool asks_for_page = false;     ///< for the pool's status or ping page
    base::MonotonicTime since;      ///< when it joined the line
    std::uint64_t waited_usec = 0;  ///< in the line, until it was taken from there
    ConnectionShare::Lease lease;   ///< of `fd`
    bool comes_back = false;        ///< `fd` was held, and is to be again (ConnectionHeir)
};

}  // namespace phalanx::master

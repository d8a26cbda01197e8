#pragma once

#include <cstddef>
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

/// How much of a connection is looked at or read at once. A head that is longer is read, never only looked
/// at.
inline constexpr std::size_t look_bytes = 16UL * 1024;

/// A request that can be given to a worker: either on a connection the master keeps a duplicate of (`held`)
/// or on one that goes out of its hands with the job (`fd`).
struct Job {
    os::UniqueFd fd;
    std::optional<link::ConnectionId> held;
    std::string bytes;              ///< read from the connection already; empty: its head was only looked at
    std::uint16_t request_id = 0;   ///< FastCGI's, for an answer of the master's
    bool asks_for_page = false;     ///< for the pool's status or ping page
    base::MonotonicTime since;      ///< when it joined the line
    std::uint64_t waited_usec = 0;  ///< in the line, until it was taken from there
    ConnectionShare::Lease lease;   ///< of `fd`
    bool comes_back = false;        ///< `fd` was held, and is to be again (ConnectionHeir)
};

}  // namespace phalanx::master

#include "linger.hpp"

#include <algorithm>

#include "phalanx/os/stream_socket.hpp"
#include "worker_start.hpp"

namespace phalanx::worker {
namespace {

/// After so many failures in a row the pauses between tries grow no more.
constexpr std::uint32_t most_doublings = 7;

}  // namespace

Linger::Linger(const Inheritance& inherited, base::WorkerSlot slot, const std::uint32_t& control_seen)
    : inherited_(inherited), slot_(slot), control_seen_(control_seen) {}

bool Linger::next_comes(int connection) {
    if (is_wanted_elsewhere() || !worth_trying()) return false;
    // While a worker is idle the master looks after the listener. While none is, nobody does but the workers
    // between two requests.
    const bool alone = inherited_.pages.master().wake.load() != 0;
    const os::Came came =
        os::await_bytes_or_connection(connection, alone ? inherited_.listener.get() : -1, limit);
    learn(came == os::Came::bytes);
    return came == os::Came::bytes;
}

bool Linger::is_wanted_elsewhere() const {
    const link::MasterPage& master = inherited_.pages.master();
    return master.line.load() != 0 || master.draining.load() != 0 ||
           master.control[slot_.number()].load() != control_seen_ || leave_requested();
}

bool Linger::worth_trying() {
    if (skips_ == 0) return true;
    --skips_;
    return false;
}

void Linger::learn(bool came) {
    failures_ = came ? 0 : std::min(failures_ + 1, most_doublings);
    // The first failure is forgiven.
    skips_ = failures_ < 2 ? 0 : 1U << failures_;
}

}  // namespace phalanx::worker

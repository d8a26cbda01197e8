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

bool Linger::is_worth_it() {
    if (is_wanted_elsewhere()) return false;
    if (skips_ == 0) return true;
    --skips_;
    return false;
}

link::Came Linger::wait(int connection, int channel) {
    switch (os::await_bytes_or_message(connection, channel, limit)) {
        case os::Came::bytes:
            learn(true);
            return link::Came::request;
        case os::Came::message:
            return link::Came::message;
        case os::Came::nothing:
            break;
    }
    learn(false);
    return link::Came::nothing;
}

bool Linger::is_wanted_elsewhere() const {
    const link::MasterPage& master = inherited_.pages.master();
    return master.line.load() != 0 || master.draining.load() != 0 ||
           master.control[slot_.number()].load() != control_seen_ || leave_requested();
}

void Linger::learn(bool came) {
    failures_ = came ? 0 : std::min(failures_ + 1, most_doublings);
    // The first failure is forgiven.
    skips_ = failures_ < 2 ? 0 : 1U << failures_;
}

}  // namespace phalanx::worker

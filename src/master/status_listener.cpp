#include "status_listener.hpp"

#include <fmt/format.h>

#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

/// Connections accepted at once before others get their turn.
constexpr int accepts_per_event = 64;
/// Connections at one address: of monitors, which ask and go.
constexpr std::size_t most_connections = 256;
/// How long nothing is accepted once descriptors or memory have run out.
constexpr std::chrono::milliseconds exhausted_pause{100};

}  // namespace

StatusListener::StatusListener(const Parts& parts, os::ListenSocket socket)
    : loop_(parts.loop),
      log_(parts.log),
      socket_(std::move(socket)),
      pages_(parts.pages),
      share_(parts.budget, most_connections),
      connections_({parts.loop, parts.settings, share_, parts.client_log, parts.page}, *this),
      answers_(parts.loop, share_),
      pause_timer_(parts.loop) {}

base::Result<void> StatusListener::start() {
    auto watch = loop_.watch(socket_.fd.get(), EPOLLIN, *this);
    if (!watch) return watch.error();
    watch_ = *std::move(watch);
    return {};
}

void StatusListener::stop() {
    pause_timer_.cancel();
    watch_ = {};
    connections_.close_parked();
}

/// The connection stays where it is, and the socket would stay ready.
void StatusListener::pause() {
    watch_.rearm(0);
    pause_timer_.start(exhausted_pause, [this] { watch_.rearm(EPOLLIN); });
}

void StatusListener::on_ready(std::uint32_t) {
    for (int i = 0; i < accepts_per_event; ++i) {
        if (!share_.has_room() && !connections_.make_room()) return pause();
        os::Accepted accepted = os::accept_connection(socket_.fd.get());
        if (accepted.state == os::Accepted::State::exhausted || accepted.state == os::Accepted::State::broken)
            return pause();
        if (accepted.state != os::Accepted::State::connection) return;
        if (!pages_.admits(accepted.fd.get())) {
            log_.error(fmt::format("Connection disallowed: IP address '{}' has been dropped.",
                                   os::peer_ip(accepted.fd.get())));
            continue;
        }
        if (auto job = connections_.admit(std::move(accepted.fd))) take_job(*std::move(job));
    }
}

void StatusListener::take_job(Job job) {
    os::UniqueFd connection = job.held ? connections_.release(*job.held) : std::move(job.fd);
    if (!connection) return;
    std::string answer = pages_.answer_on(connection.get(), job.bytes, OwnPages::Address::of_status);
    if (!answer.empty()) answers_.send(std::move(connection), std::move(answer));
}

}  // namespace phalanx::master

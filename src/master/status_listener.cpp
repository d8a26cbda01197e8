#include "status_listener.hpp"

#include <fmt/format.h>

#include <array>

#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

/// Connections accepted at once before others get their turn.
constexpr int accepts_per_event = 64;
/// How long nothing is accepted once descriptors or memory have run out.
constexpr std::chrono::milliseconds exhausted_pause{100};

}  // namespace

StatusListener::StatusListener(const ConnectionTable::Surroundings& around, log::ErrorLog& log,
                               os::ListenSocket socket, const OwnPages& pages)
    : loop_(around.loop),
      log_(log),
      socket_(std::move(socket)),
      pages_(pages),
      connections_(around, *this),
      answers_(around.loop, around.share),
      pause_timer_(around.loop) {}

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

/// Without a descriptor the connection stays where it is, and the socket would stay ready.
void StatusListener::pause() {
    watch_.rearm(0);
    pause_timer_.start(exhausted_pause, [this] { watch_.rearm(EPOLLIN); });
}

void StatusListener::on_ready(std::uint32_t) {
    for (int i = 0; i < accepts_per_event; ++i) {
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
    std::string head = std::move(job.bytes);
    if (head.empty()) {
        // It was only looked at so far; what was seen was the whole head.
        static std::array<std::byte, 16UL * 1024> room;
        const os::ReadResult read = os::read_available(connection.get(), room);
        if (read.state != os::ReadResult::State::bytes) return;
        head.assign(reinterpret_cast<const char*>(room.data()), read.size);
    }
    std::string answer = pages_.answer_to(head);
    if (!answer.empty()) answers_.send(std::move(connection), std::move(answer));
}

}  // namespace phalanx::master

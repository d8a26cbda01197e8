#include "client_log.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using log::Level;

/// Whether each client is worth a line of its own, as long as there are few.
bool names_clients(ClientEvent event) {
    return event == ClientEvent::late_head || event == ClientEvent::buffer_full;
}

std::string_view what_happened(ClientEvent event) {
    switch (event) {
        case ClientEvent::late_head:
            return "the request did not arrive within request_header_timeout";
        case ClientEvent::buffer_full:
            return "queue.max_buffer is used up by requests that have not arrived whole";
        case ClientEvent::unwatchable:
            return "the kernel refuses to watch them";
        case ClientEvent::out_of_memory:
            return "there is no memory for their requests' heads";
        case ClientEvent::evicted:
            return "idle kept-alive connections had to make room for new ones";
        case ClientEvent::no_room:
            return "a worker gave them back, and the pool holds as many as it may (queue.max_connections)";
        case ClientEvent::shed:
        case ClientEvent::expired:
        case ClientEvent::abandoned:
        case ClientEvent::unserved:
            break;
    }
    return {};
}

}  // namespace

void ClientLog::tell(ClientEvent event, int connection) {
    Count& count = count_of(event);
    if (!names_clients(event) || count.single_lines == most_single_lines) {
        ++count.silent;
        return;
    }
    ++count.single_lines;
    log_.pool(settings_.name)
        .log(Level::notice, fmt::format("the connection of client {} was closed: {}",
                                        os::peer_name(connection), what_happened(event)));
}

void ClientLog::tell_exhausted(const char* what) {
    calm_ticks_ = 0;
    if (std::exchange(exhausted_, true)) return;
    log_.pool(settings_.name)
        .log(Level::warning, fmt::format("no connections are accepted for now: {}", what));
}

void ClientLog::tick() {
    // Not at the first connection that finds room again: the next one may not.
    if (exhausted_ && ++calm_ticks_ == span_ticks / 2) {
        exhausted_ = false;
        log_.pool(settings_.name).log(Level::notice, "connections are accepted again");
    }
    const bool span_ends = ++ticks_ % span_ticks == 0;
    for (std::size_t i = 0; i < events; ++i) {
        const auto event = static_cast<ClientEvent>(i);
        Count& count = count_of(event);
        if (span_ends) count.single_lines = 0;
        if (count.quiet_ticks > 0) --count.quiet_ticks;
        if (count.silent == 0 || count.quiet_ticks > 0) continue;
        count.quiet_ticks = span_ticks;
        const Level level = event == ClientEvent::abandoned ? Level::notice : Level::warning;
        log_.pool(settings_.name).log(level, sum(event, std::exchange(count.silent, 0)));
    }
}

std::string ClientLog::sum(ClientEvent event, std::uint64_t count) const {
    switch (event) {
        case ClientEvent::shed:
            return fmt::format("{} request(s) answered 503: the queue was full (queue.max_length = {})",
                               count, settings_.queue_max_length);
        case ClientEvent::expired:
            return fmt::format("{} request(s) answered 503: they had waited for {} s (queue.timeout)", count,
                               settings_.queue_timeout.count());
        case ClientEvent::abandoned:
            return fmt::format("{} request(s) dropped: their clients left before a worker was free", count);
        case ClientEvent::unserved:
            return fmt::format("{} request(s) answered 503: the pool cannot start", count);
        default:
            break;
    }
    return fmt::format("{} {}connection(s) closed: {}", count, names_clients(event) ? "more " : "",
                       what_happened(event));
}

}  // namespace phalanx::master

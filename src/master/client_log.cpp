#include "client_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "phalanx/log/escape.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {
namespace {

using log::Level;

/// Whether each client is worth a line of its own, as long as there are few.
bool names_clients(ClientEvent event) {
    switch (event) {
        case ClientEvent::late_head:
        case ClientEvent::buffer_full:
        case ClientEvent::slow_sending:
        case ClientEvent::slow_taking:
            return true;
        default:
            return false;
    }
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
        case ClientEvent::shed_head:
        case ClientEvent::expired:
        case ClientEvent::abandoned:
        case ClientEvent::unserved:
        case ClientEvent::slow_sending:
        case ClientEvent::slow_taking:
            break;
    }
    return {};
}

/// Of what a worker has said, whatever it is: nothing that could leave its place in the line.
template <std::size_t size>
std::string quotable(const std::array<char, size>& text) {
    std::string quoted;
    const auto end = std::find(text.begin(), text.end(), '\0');
    log::append_escaped(quoted, std::string_view(text.begin(), end), log::Escaping::quoted);
    return quoted;
}

}  // namespace

void ClientLog::tell(ClientEvent event, int connection) {
    if (!may_say(event)) return;
    log_.pool(settings_.name)
        .log(Level::notice, fmt::format("the connection of client {} was closed: {}",
                                        os::peer_name(connection), what_happened(event)));
}

bool ClientLog::tell_slow(std::string_view note) {
    link::SlowClientNote slow;
    if (note.size() != sizeof slow) return false;
    std::memcpy(&slow, note.data(), sizeof slow);
    const bool sending = slow.how == link::SlowClient::sending;
    if (!sending && slow.how != link::SlowClient::taking) return false;
    if (!may_say(sending ? ClientEvent::slow_sending : ClientEvent::slow_taking)) return true;
    log_.pool(settings_.name)
        .log(
            Level::notice,
            fmt::format("client {} has {} \"{} {}\" for {} s ({})", quotable(slow.client),
                        sending ? "sent nothing of the body of" : "taken nothing of the answer to",
                        quotable(slow.method), quotable(slow.target),
                        (sending ? settings_.request_body_timeout : settings_.response_write_timeout).count(),
                        sending ? "request_body_timeout" : "response_write_timeout"));
    return true;
}

bool ClientLog::may_say(ClientEvent event) {
    Count& count = count_of(event);
    if (!names_clients(event) || count.single_lines == most_single_lines) {
        ++count.silent;
        return false;
    }
    ++count.single_lines;
    return true;
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
        case ClientEvent::shed_head:
            return fmt::format(
                "{} request(s) answered 503: the heads of those in the queue fill queue.max_buffer", count);
        case ClientEvent::expired:
            return fmt::format("{} request(s) answered 503: they had waited for {} s (queue.timeout)", count,
                               settings_.queue_timeout.count());
        case ClientEvent::abandoned:
            return fmt::format("{} request(s) dropped: their clients left before a worker was free", count);
        case ClientEvent::unserved:
            return fmt::format("{} request(s) answered 503: the pool cannot start", count);
        case ClientEvent::slow_sending:
            return fmt::format(
                "{} more client(s) have sent nothing of a body for {} s (request_body_timeout)", count,
                settings_.request_body_timeout.count());
        case ClientEvent::slow_taking:
            return fmt::format(
                "{} more client(s) have taken nothing of an answer for {} s (response_write_timeout)", count,
                settings_.response_write_timeout.count());
        default:
            break;
    }
    return fmt::format("{} {}connection(s) closed: {}", count, names_clients(event) ? "more " : "",
                       what_happened(event));
}

}  // namespace phalanx::master

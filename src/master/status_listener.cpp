#include "status_listener.hpp"

#include <fmt/format.h>

#include <array>

#include "phalanx/fastcgi/request_reader.hpp"
#include "phalanx/fastcgi/response_writer.hpp"
#include "phalanx/status/status_page.hpp"

namespace phalanx::master {
namespace {

/// Connections accepted at once before others get their turn.
constexpr int accepts_per_event = 64;
/// How long nothing is accepted once descriptors or memory have run out.
constexpr std::chrono::milliseconds exhausted_pause{100};

/// A connection of which nothing more is wanted than has been read.
class NoMore final : public fastcgi::ByteSource {
  public:
    std::ptrdiff_t read(std::span<std::byte>) noexcept override { return 0; }
};

}  // namespace

StatusListener::StatusListener(EventLoop& loop, log::ErrorLog& log, Parts parts)
    : loop_(loop),
      log_(log),
      parts_(std::move(parts)),
      connections_(loop, *this),
      answers_(loop),
      pause_timer_(loop) {}

base::Result<void> StatusListener::start() {
    auto watch = loop_.watch(parts_.socket.fd.get(), EPOLLIN, *this);
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
        os::Accepted accepted = os::accept_connection(parts_.socket.fd.get());
        if (accepted.state == os::Accepted::State::exhausted) return pause();
        if (accepted.state != os::Accepted::State::connection) return;
        if (parts_.allowed_clients && !parts_.allowed_clients->admits(accepted.fd.get())) {
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
    std::string answer = answer_to(head);
    if (!answer.empty()) answers_.send(std::move(connection), std::move(answer));
}

std::string StatusListener::answer_to(std::string_view head) const {
    NoMore nothing;
    fastcgi::RequestReader reader(nothing);
    reader.prime(std::as_bytes(std::span(head)));
    fastcgi::Params params;
    fastcgi::HeadOutcome outcome = reader.read_head(params);
    std::string answer;
    while (outcome.kind == fastcgi::HeadOutcome::Kind::answer) {
        answer.append(reinterpret_cast<const char*>(outcome.answer.data()), outcome.answer.size());
        outcome = reader.read_head(params);
    }
    if (outcome.kind != fastcgi::HeadOutcome::Kind::request &&
        outcome.kind != fastcgi::HeadOutcome::Kind::unknown_role)
        return answer;
    fastcgi::TextSink sink(answer);
    fastcgi::ResponseWriter writer(sink);
    writer.begin(outcome.head.request_id);
    if (outcome.kind == fastcgi::HeadOutcome::Kind::unknown_role) {
        (void)writer.end(0, fastcgi::ProtocolStatus::unknown_role);
        return answer;
    }
    std::string error;
    const std::string page = page_for(params, error);
    (void)writer.write(fastcgi::ResponseWriter::Stream::error, error);
    (void)writer.write(fastcgi::ResponseWriter::Stream::output, page);
    (void)writer.end(0, fastcgi::ProtocolStatus::request_complete);
    return answer;
}

std::string StatusListener::page_for(const fastcgi::Params& params, std::string& error) const {
    const std::string_view path = params.find("SCRIPT_NAME").value_or("");
    const std::string_view method = params.find("REQUEST_METHOD").value_or("");
    if (!parts_.ping_path.empty() && path == parts_.ping_path) {
        const status::Answer answer = status::ping_answer(parts_.ping_response, method);
        return answer.head + answer.body;
    }
    if (path == parts_.status_path) {
        const std::string_view query = params.find("QUERY_STRING").value_or("");
        const status::Answer answer = status::status_answer(parts_.snapshot(), method, query);
        return answer.head + answer.body;
    }
    error = "Primary script unknown";
    constexpr std::string_view not_found =
        "Status: 404 Not Found\r\nContent-type: text/html; charset=UTF-8\r\n\r\n";
    return std::string(not_found) + (method == "HEAD" ? "" : "File not found.\n");
}

}  // namespace phalanx::master

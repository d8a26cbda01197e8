#include "session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "last_words.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/os/descriptor.hpp"
#include "phalanx/php/engine.hpp"
#include "worker_start.hpp"

namespace phalanx::worker {
namespace {

using fastcgi::HeadOutcome;

/// Each worker complains about a bad list once, when it starts; php-fpm's words.
std::optional<os::AllowedClients> allowed_clients(const link::WorkerSettings& settings) {
    if (settings.check_clients == 0) return std::nullopt;
    std::vector<std::string> complaints;
    os::AllowedClients clients(settings.allowed_clients, complaints);
    for (const std::string& complaint : complaints) fmt::print(stderr, "ERROR: {}\n", complaint);
    return clients;
}

}  // namespace

Session::Session(Inheritance& inherited, const OwnParts& own, ConnectionTaker& taker)
    : inherited_(inherited),
      slot_(own.slot),
      slow_clients_(own.channel, params_),
      stream_(inherited.settings, inherited.listener.get(), slow_clients_),
      reader_(stream_),
      writer_(stream_),
      allowed_clients_(allowed_clients(inherited.settings)),
      policy_{inherited.settings.limit_extensions},
      request_(inherited, own.slot, RequestParts{taker, stream_, reader_, writer_, params_}),
      restores_signals_(php::scripts_change_signals()) {}

void Session::become_script_child() {
    script_child_.emplace(request_, inherited_.settings);
    php::hand_request_to(*script_child_);
}

bool Session::admits(int fd) const {
    if (!allowed_clients_ || allowed_clients_->admits(fd)) return true;
    fmt::print(stderr, "ERROR: Connection disallowed: IP address '{}' has been dropped.\n", os::peer_ip(fd));
    return false;
}

Session::Result Session::serve(const Connection& connection, Tenure& tenure) {
    stream_.attach(connection.fd);
    reader_.reset();
    reader_.prime(connection.bytes);
    request_.connection_begins(connection.waited_usec);
    Result result;
    if (!connection.goes_on || reader_.fetch()) result = serve_requests(tenure, connection.goes_on);
    request_.rest();
    return result;
}

Session::Result Session::serve_requests(Tenure& tenure, bool may_lack_head) {
    Result result;
    for (;; may_lack_head = true) {
        HeadOutcome head;
        // The first head of a job is here whole; those after it must not be waited for.
        const Next next = may_lack_head && !reader_.next_head_buffered() ? Next::wait : next_head(head);
        if (next == Next::closing) result.end = End::closing;
        if (next == Next::over || next == Next::closing) return result;
        if (next == Next::wait) break;
        const bool goes_on = run(head.head, result);
        tenure.request_served();
        result.tenure_is_over = tenure.is_over();
        if (!goes_on) return result;
        if (result.tenure_is_over || result.exit_code || leave_requested()) break;
    }
    // What was read and belongs to the next request travels with the connection, if it fits.
    if (reader_.leftover().size() > link::max_inline_bytes) return result;
    result.leftover = reader_.leftover();
    result.end = End::kept;
    return result;
}

Session::Next Session::next_head(HeadOutcome& head) {
    for (;;) {
        request_.reading_begins();
        head = reader_.read_head(params_);
        switch (head.kind) {
            case HeadOutcome::Kind::request:
                return Next::request;
            case HeadOutcome::Kind::answer: {
                const fastcgi::Piece piece = head.answer;
                if (!stream_.write(std::span(&piece, 1))) return Next::over;
                break;
            }
            case HeadOutcome::Kind::unknown_role:
                writer_.begin(head.head.request_id);
                (void)writer_.end(0, fastcgi::ProtocolStatus::unknown_role);
                stream_.say_end();
                return Next::closing;
            case HeadOutcome::Kind::end_of_stream:
            case HeadOutcome::Kind::truncated:
            case HeadOutcome::Kind::failed:
            case HeadOutcome::Kind::violation:
                return Next::over;
        }
        if (!reader_.next_head_buffered()) return Next::wait;
    }
}

/// A client that has not sent the empty record that ends its body is still at it. Waits for nothing.
bool Session::has_all_of_request() {
    if (!reader_.bytes_behind()) return false;
    (void)reader_.finish_request();
    return reader_.input_ended();
}

/// A body that the script has left unread. A web server may take the answer's end for leave to send no more
/// of it, and its next request's records instead (Apache does).
fastcgi::Finish Session::drain_before_end() {
    (void)writer_.flush();
    stream_.end_answer();
    return reader_.finish_request();
}

bool Session::run(const fastcgi::RequestHead& head, Result& result) {
    writer_.begin(head.request_id);
    stream_.begin_request(head.keep_connection);
    request_.begin(head);
    LastWords::request_begins(stream_, head.request_id);
    const php::RequestOutcome outcome = php::run_request(request_, policy_);
    if (script_child_) ::_exit(php::exit_status());
    if (restores_signals_) restore_worker_signals(inherited_.pages, slot_);
    const bool keeps = head.keep_connection && !stream_.is_detached();
    std::optional<fastcgi::Finish> finish;
    if (keeps && reader_.body_state() == fastcgi::BodyState::open) finish = drain_before_end();
    (void)request_.finish_answer();
    LastWords::request_ends();
    stream_.end_answer();
    // Its next client would lose the request.
    if (php::scripts_have_changed_limits() && !os::can_open_descriptor()) result.exit_code = 0;
    if (outcome == php::RequestOutcome::served_last) result.exit_code = 0;
    if (outcome == php::RequestOutcome::worker_must_leave) result.exit_code = 70;

    request_.mark_output_end();
    if (keeps) {
        if (!finish) finish = reader_.finish_request();
        return finish == fastcgi::Finish::keep && !writer_.failed();
    }
    if (stream_.is_detached()) {
        result.end = End::taken_early;
    } else if (!writer_.failed() && !has_all_of_request()) {
        stream_.say_end();
        result.end = End::closing;
    }
    return false;
}

}  // namespace phalanx::worker

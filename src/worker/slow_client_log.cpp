#include "slow_client_log.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "phalanx/log/escape.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "worker_message.hpp"

namespace phalanx::worker {
namespace {

/// Of what a client has said of itself, which may be as long as a head: what follows in the line is to be
/// seen too.
constexpr std::size_t most_quoted_bytes = 200;

void append_quotable(std::string& line, std::string_view text) {
    log::append_escaped(line, text.substr(0, most_quoted_bytes), log::Escaping::quoted);
    if (text.size() > most_quoted_bytes) line += "...";
}

/// `"POST /form.php"`
std::string name_of(const fastcgi::Params& params) {
    std::string name = "\"";
    append_quotable(name, params.find("REQUEST_METHOD").value_or("-"));
    name += ' ';
    append_quotable(name, params.find("REQUEST_URI").value_or("-"));
    return name += '"';
}

}  // namespace

void SlowClientLog::tell(SlowClient how, int connection, Clock::time_point now) {
    begin_span_if_over(now);
    if (single_lines_ == most_single_lines) {
        ++silent_;
        return;
    }
    ++single_lines_;
    const bool sending = how == SlowClient::sending;
    say(fmt::format("client {} has {} {} for {} s ({})", os::peer_name(connection),
                    sending ? "sent nothing of the body of" : "taken nothing of the answer to",
                    name_of(params_), (sending ? settings_.body_timeout : settings_.write_timeout).count(),
                    sending ? "request_body_timeout" : "response_write_timeout"));
}

void SlowClientLog::begin_span_if_over(Clock::time_point now) {
    if (now < span_end_) return;
    say_sum();
    span_end_ = now + span;
    single_lines_ = 0;
}

void SlowClientLog::say_sum() {
    if (silent_ == 0) return;
    say(fmt::format(
        "{} more client(s) have stood still for too long (request_body_timeout = {} s, "
        "response_write_timeout = {} s)",
        std::exchange(silent_, 0), settings_.body_timeout.count(), settings_.write_timeout.count()));
}

void SlowClientLog::say(std::string_view text) const {
    const php::Message message{
        .level = php::MessageLevel::notice, .text = text, .function = __func__, .line = __LINE__};
    WorkerMessage(settings_, message).write_to_standard_error();
}

}  // namespace phalanx::worker

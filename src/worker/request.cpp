#include "request.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "last_words.hpp"
#include "phalanx/fastcgi/content_length.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/log/worker_output.hpp"
#include "phalanx/php/info.hpp"
#include "phalanx/status/status_page.hpp"
#include "pool_status.hpp"
#include "worker_message.hpp"

namespace phalanx::worker {
namespace {

using fastcgi::ResponseWriter;

/// The head of the page of ours that is being logged: lines with their CRLF.
std::string_view own_head;

/// The value of one of its headers, by the exact name as the access log asks for it.
std::string_view own_header(std::string_view name) noexcept {
    for (std::string_view rest = own_head; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(line.size() + 2, rest.size()));
        if (line.starts_with(name) && line.substr(name.size()).starts_with(": "))
            return line.substr(name.size() + 2);
    }
    return {};
}

}  // namespace

Request::Request(Inheritance& inherited, base::WorkerSlot slot, RequestParts parts)
    : inherited_(inherited),
      parts_(parts),
      slot_(slot_page(inherited, slot)),
      access_log_(inherited),
      counts_cpu_(!inherited.settings.status_path.empty() || access_log_.wants_cpu()) {
    slot_.start(::getpid());
    parts_.stream.tell(slot_);
}

void Request::connection_begins(std::uint32_t waited_usec) {
    waited_usec_ = waited_usec;
}

void Request::begin(const fastcgi::RequestHead& head) {
    head_ = head;
    slot_.got_head(head.request_id, waited_usec_);
    access_log_.request_begins(parts_.stream);
    tell_waiting_time();
    answer_ended_ = false;
    messages_begun_ = false;
    script_ = {};
    cpu_at_begin_ = counts_cpu_ ? cpu_time_so_far() : CpuTime{};
    const std::uint64_t length = fastcgi::content_length(parts_.params).value_or(0);
    // A body that the web server has written to a file does not come over the connection.
    const bool in_file = length > 0 && !parts_.params.find("REQUEST_BODY_FILE").value_or("").empty();
    parts_.reader.expect_body(in_file ? 0 : length);
}

/// In the place of whatever the web server has sent under that name. Those after this one in a row have not
/// waited in the line.
void Request::tell_waiting_time() {
    std::array<char, 10> text;
    const auto end = std::to_chars(text.begin(), text.end(), std::exchange(waited_usec_, 0)).ptr;
    parts_.params.set(php::queue_param, {text.data(), static_cast<std::size_t>(end - text.data())});
}

bool Request::finish_answer() {
    if (answer_ended_) return false;
    answer_ended_ = true;
    return parts_.writer.end(0, fastcgi::ProtocolStatus::request_complete);
}

void Request::mark_output_end() const {
    constexpr std::string_view marker = log::OutputDecorator::end_marker;
    if (inherited_.settings.capture_output != 0) (void)!::write(STDERR_FILENO, marker.data(), marker.size());
}

const char* Request::role() const noexcept {
    switch (head_.role) {
        case fastcgi::Role::responder:
            break;
        case fastcgi::Role::authorizer:
            return "AUTHORIZER";
        case fastcgi::Role::filter:
            return "FILTER";
    }
    return "RESPONDER";
}

bool Request::answer_without_php(const php::ScriptBegin& request) noexcept {
    // Refusals are logged too, and for them no script begins.
    script_ = request;
    // Before the body is read, which may take long: the scoreboard is to say what for.
    slot_.got_request({request.method, request.request_uri, request.query, request.user, request.script_path,
                       static_cast<std::uint64_t>(std::max<std::int64_t>(request.content_length, 0))});
    const link::WorkerSettings& settings = inherited_.settings;
    const bool is_ping = !settings.ping_path.empty() && request.request_uri == settings.ping_path;
    const bool is_status = !settings.status_path.empty() && request.request_uri == settings.status_path;
    // php-fpm: what names no method is no request of HTTP's, whatever else it names.
    if ((!is_ping && !is_status) || !parts_.params.find("REQUEST_METHOD")) return false;
    script_begins(request);
    const status::Answer answer =
        is_ping ? status::ping_answer(settings.ping_response, request.method)
                : status::status_answer(pool_snapshot(inherited_), request.method, request.query);
    own_head = answer.head;
    script_ended({.response_code = 200, .response_header = &own_header});
    own_head = {};
    (void)write_head(php::powered_by_line());
    (void)write_head(answer.head);
    (void)write_body(answer.body);
    return true;
}

bool Request::write_head(std::string_view lines) noexcept {
    return write(ResponseWriter::Stream::output, lines);
}

bool Request::write_body(std::string_view bytes) noexcept {
    return write(ResponseWriter::Stream::output, bytes);
}

bool Request::write(ResponseWriter::Stream stream, std::string_view bytes) noexcept {
    if (bytes.empty() || answer_ended_) return !parts_.writer.failed();
    return parts_.writer.write(stream, bytes);
}

bool Request::finish() noexcept {
    const bool first = finish_answer();
    slot_.finishing();
    if (first && head_.keep_connection) {
        hand_connection_on();
    } else if (first) {
        // Without this the client would wait for the script to end before it sees the connection close.
        parts_.stream.say_end();
    }
    return first || head_.keep_connection;
}

/// The client's next request is not to wait for what this one's script still does. One whose body is still on
/// its way stays: the script may want to read it.
void Request::hand_connection_on() noexcept {
    const auto behind = parts_.reader.bytes_behind();
    if (!behind || behind->size() > link::max_inline_bytes) return;
    LastWords::request_ends();
    parts_.stream.detach();
    parts_.taker.take_early(*behind);
}

void Request::log(const php::Message& message, bool to_web_server) noexcept {
    const WorkerMessage own(inherited_.settings, message);
    own.write_to_standard_error();
    if (!to_web_server || answer_ended_) return;
    if (messages_begun_) (void)write(ResponseWriter::Stream::error, "; ");
    (void)write(ResponseWriter::Stream::error, own.text());
    (void)write(ResponseWriter::Stream::error, own.mark());
    messages_begun_ = true;
}

void Request::script_begins(const php::ScriptBegin& request) noexcept {
    script_ = request;
    slot_.running();
}

void Request::script_ended(const php::ScriptEnd& end) noexcept {
    CpuTime cpu;
    if (counts_cpu_) {
        cpu = cpu_time_so_far();
        cpu = {cpu.user - cpu_at_begin_.user, cpu.system - cpu_at_begin_.system};
    }
    access_log_.write(script_, end, parts_.params, slot_, cpu);
    slot_.ending({end.memory_peak, static_cast<std::uint64_t>((cpu.user + cpu.system).count())});
}

}  // namespace phalanx::worker

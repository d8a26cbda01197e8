#include "own_pages.hpp"

#include <fmt/format.h>

#include <array>

#include "job.hpp"
#include "phalanx/fastcgi/request_reader.hpp"
#include "phalanx/fastcgi/response_writer.hpp"
#include "phalanx/status/status_page.hpp"

namespace phalanx::master {
namespace {

/// A connection of which nothing more is wanted than has been read.
class NoMore final : public fastcgi::ByteSource {
  public:
    std::ptrdiff_t read(std::span<std::byte>) noexcept override { return 0; }
};

}  // namespace

bool OwnPages::are_asked_for(std::string_view head) const {
    // Most requests are for something else: a path that is nowhere in the bytes is not in a parameter.
    const auto may_ask = [head](const std::string& path) {
        return !path.empty() && head.find(path) != std::string_view::npos;
    };
    if (!may_ask(parts_.status_path) && !may_ask(parts_.ping_path)) return false;
    NoMore nothing;
    fastcgi::RequestReader reader(nothing);
    reader.prime(std::as_bytes(std::span(head)));
    fastcgi::Params params;
    if (reader.read_head(params).kind != fastcgi::HeadOutcome::Kind::request) return false;
    const std::string_view path = params.find("SCRIPT_NAME").value_or("");
    if (path.empty() || !params.find("REQUEST_METHOD")) return false;
    return path == parts_.status_path || path == parts_.ping_path;
}

std::string OwnPages::answer_to(std::string_view head, Address at) const {
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
    const std::string page = page_for(params, at, error);
    (void)writer.write(fastcgi::ResponseWriter::Stream::error, error);
    (void)writer.write(fastcgi::ResponseWriter::Stream::output, page);
    (void)writer.end(0, fastcgi::ProtocolStatus::request_complete);
    return answer;
}

std::string OwnPages::answer_on(int connection, std::string_view head, Address at) const {
    if (!head.empty()) return answer_to(head, at);
    static std::array<std::byte, look_bytes> room;
    const os::ReadResult read = os::read_available(connection, room);
    if (read.state != os::ReadResult::State::bytes) return {};
    return answer_to({reinterpret_cast<const char*>(room.data()), read.size}, at);
}

std::string OwnPages::powered_by(Address at) const {
    const std::string version = parts_.php_version(at);
    return version.empty() ? std::string() : fmt::format("X-Powered-By: PHP/{}\r\n", version);
}

std::string OwnPages::page_for(const fastcgi::Params& params, Address at, std::string& error) const {
    const std::string_view path = params.find("SCRIPT_NAME").value_or("");
    const std::string_view method = params.find("REQUEST_METHOD").value_or("");
    if (!parts_.ping_path.empty() && path == parts_.ping_path) {
        const status::Answer answer = status::ping_answer(parts_.ping_response, method);
        return powered_by(at) + answer.head + answer.body;
    }
    if (!path.empty() && path == parts_.status_path) {
        const std::string_view query = params.find("QUERY_STRING").value_or("");
        const status::Answer answer = status::status_answer(parts_.snapshot(), method, query);
        return powered_by(at) + answer.head + answer.body;
    }
    error = "Primary script unknown";
    return "Status: 404 Not Found\r\n" + powered_by(at) + "Content-type: text/html; charset=UTF-8\r\n\r\n" +
           (method == "HEAD" ? "" : "File not found.\n");
}

}  // namespace phalanx::master

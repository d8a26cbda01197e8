#include "phalanx/fastcgi/short_answer.hpp"

#include <algorithm>
#include <string>

#include "phalanx/fastcgi/response_writer.hpp"

namespace phalanx::fastcgi {
namespace {

constexpr std::size_t kMaxStatus = 64;
constexpr std::size_t kMaxHeader = 64;

/// Where a record's header has the request's id (3.3).
constexpr std::size_t kIdOffset = 2;

}  // namespace

ShortAnswer::ShortAnswer(std::string_view status, std::string_view header) {
    const std::string text(status.substr(0, kMaxStatus));
    const std::string answer = "Status: " + text + "\r\n" +
                               std::string(header.size() > kMaxHeader ? std::string_view{} : header) +
                               "Content-type: text/html; charset=UTF-8\r\n\r\n" + text + "\n";
    std::string gathered;
    TextSink sink(gathered);
    ResponseWriter writer(sink);
    writer.begin(0);
    (void)writer.write(ResponseWriter::Stream::output, answer);
    (void)writer.end(0, ProtocolStatus::request_complete);
    size_ = std::min(gathered.size(), bytes_.size());
    std::ranges::copy(std::as_bytes(std::span(gathered)).first(size_), bytes_.begin());
    end_record_ = size_ - kEndRequestBytes;
}

void ShortAnswer::address_to(std::uint16_t request_id) noexcept {
    for (const std::size_t header : {std::size_t{0}, end_record_}) {
        bytes_[header + kIdOffset] = static_cast<std::byte>(request_id >> 8U);
        bytes_[header + kIdOffset + 1] = static_cast<std::byte>(request_id & 0xffU);
    }
}

}  // namespace phalanx::fastcgi

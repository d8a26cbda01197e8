#include "harness/fastcgi.hpp"

#include <algorithm>

namespace phalanx::harness {
namespace {

constexpr char byte(std::size_t value) {
    return static_cast<char>(value & 0xff);
}
constexpr std::size_t number(char value) {
    return static_cast<unsigned char>(value);
}

/// Section 3.4: one byte below 128, else four with the top bit set.
std::string encoded_length(std::size_t length) {
    if (length < 128) return {byte(length)};
    return {byte(length >> 24 | 0x80), byte(length >> 16), byte(length >> 8), byte(length)};
}

}  // namespace

Request& Request::set(std::string_view name, std::string_view value) {
    const auto found =
        std::find_if(params.begin(), params.end(), [&](const Param& p) { return p.first == name; });
    if (found == params.end()) {
        params.emplace_back(name, value);
    } else {
        found->second = value;
    }
    return *this;
}

Request& Request::remove(std::string_view name) {
    std::erase_if(params, [&](const Param& p) { return p.first == name; });
    return *this;
}

Request& Request::with_body(std::string text, std::string_view type) {
    body = std::move(text);
    return set("CONTENT_TYPE", type).set("CONTENT_LENGTH", std::to_string(body.size()));
}

Request make_request(std::string_view method, std::string_view root, std::string_view target) {
    const std::size_t question = target.find('?');
    const std::string path(target.substr(0, question));
    const std::string query(question == std::string_view::npos ? "" : target.substr(question + 1));
    Request request;
    request.params = {
        {"QUERY_STRING", query},
        {"REQUEST_METHOD", std::string(method)},
        {"CONTENT_TYPE", ""},
        {"CONTENT_LENGTH", ""},
        {"SCRIPT_NAME", path},
        {"REQUEST_URI", std::string(target)},
        {"DOCUMENT_URI", path},
        {"DOCUMENT_ROOT", std::string(root)},
        {"SERVER_PROTOCOL", "HTTP/1.1"},
        {"REQUEST_SCHEME", "http"},
        {"GATEWAY_INTERFACE", "CGI/1.1"},
        {"SERVER_SOFTWARE", "harness/1"},
        {"REMOTE_ADDR", "192.0.2.7"},
        {"REMOTE_PORT", "40000"},
        {"SERVER_ADDR", "192.0.2.1"},
        {"SERVER_PORT", "80"},
        {"SERVER_NAME", "localhost"},
        {"REDIRECT_STATUS", "200"},
        {"HTTP_HOST", "localhost"},
        {"SCRIPT_FILENAME", std::string(root) + path},
    };
    return request;
}

std::string record(RecordType type, std::uint16_t id, std::string_view content, std::uint8_t padding) {
    const std::size_t length = content.size();
    std::string bytes = {
        1, static_cast<char>(type), byte(id >> 8), byte(id), byte(length >> 8), byte(length), byte(padding),
        0};
    return bytes.append(content).append(padding, '\0');
}

std::string begin_record(std::uint16_t role, std::uint16_t id, std::uint8_t flags) {
    const std::string content = {byte(role >> 8), byte(role), byte(flags), 0, 0, 0, 0, 0};
    return record(RecordType::Begin, id, content);
}

std::string name_value(std::string_view name, std::string_view value) {
    return encoded_length(name.size()) + encoded_length(value.size()) + std::string(name) +
           std::string(value);
}

std::string encode_head(const Request& request, const RecordSizes& sizes) {
    std::string bytes = begin_record(request.role, request.id, request.keep ? kKeepConnection : 0);
    std::string pending;
    const auto flush = [&] {
        if (!pending.empty()) bytes += record(RecordType::Params, request.id, pending, sizes.padding);
        pending.clear();
    };
    for (const auto& [name, value] : request.params) {
        const std::string pair = name_value(name, value);
        if (pending.size() + pair.size() > sizes.params) flush();
        pending += pair;
    }
    flush();
    return bytes + record(RecordType::Params, request.id, {});
}

std::string encode_body(const Request& request, const RecordSizes& sizes) {
    std::string bytes;
    for (std::string_view left = request.body; !left.empty();
         left.remove_prefix(std::min(left.size(), sizes.body))) {
        bytes += record(RecordType::Stdin, request.id, left.substr(0, sizes.body), sizes.padding);
    }
    return bytes + record(RecordType::Stdin, request.id, {});
}

std::string encode(const Request& request, const RecordSizes& sizes) {
    return encode_head(request, sizes) + encode_body(request, sizes);
}

std::optional<Record> take_record(std::string& bytes) {
    if (bytes.size() < kRecordHead) return std::nullopt;
    const std::size_t length = number(bytes[4]) << 8 | number(bytes[5]);
    const std::size_t whole = kRecordHead + length + number(bytes[6]);
    if (bytes.size() < whole) return std::nullopt;
    Record taken{static_cast<RecordType>(bytes[1]),
                 static_cast<std::uint16_t>(number(bytes[2]) << 8 | number(bytes[3])),
                 bytes.substr(kRecordHead, length)};
    bytes.erase(0, whole);
    return taken;
}

}  // namespace phalanx::harness

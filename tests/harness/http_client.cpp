#include "harness/http_client.hpp"

#include <poll.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>

namespace phalanx::harness {
namespace {

constexpr std::size_t kToTheEnd = std::numeric_limits<std::size_t>::max();
constexpr int kNoContent = 204;
constexpr int kNotModified = 304;

std::optional<std::size_t> number(std::string_view text, int base) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} ? std::optional(value) : std::nullopt;
}

}  // namespace

HttpAnswer HttpClient::get(std::string_view target, bool keep) {
    return send({.target = std::string(target)}, keep);
}

HttpAnswer HttpClient::post(std::string_view target, std::string_view body) {
    return send({.method = "POST", .target = std::string(target), .body = std::string(body)});
}

HttpAnswer HttpClient::send(const HttpRequest& request, bool keep) {
    const auto end = Clock::now() + kPatience;
    if (!socket_.is_open()) socket_ = connect_to(server_);
    received_.clear();
    const std::string bytes = encode(request, keep);
    if (!send_all(socket_, bytes, end)) return {};
    std::size_t head_end = std::string::npos;
    while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_until(received_.size() + 1, end)) return {};
    }
    HttpAnswer answer;
    answer.head = received_.substr(0, head_end + 2);
    received_.erase(0, head_end + 4);
    const int status = static_cast<int>(number(answer.head.substr(9, 3), 10).value_or(0));
    const bool has_body = request.method != "HEAD" && status != kNoContent && status != kNotModified;
    const bool whole = !has_body || read_body(answer, end);
    if (!keep || !whole || answer.header("Connection").value_or("") == "close") socket_.close();
    if (whole) answer.status = status;
    return answer;
}

bool HttpClient::read_body(HttpAnswer& answer, Clock::time_point end) {
    if (const auto length = answer.header("Content-Length")) {
        const std::size_t size = number(*length, 10).value_or(0);
        const bool whole = read_until(size, end);
        answer.body = received_.substr(0, size);
        return whole;
    }
    if (answer.header("Transfer-Encoding")) return read_chunks(answer.body, end);
    (void)read_until(kToTheEnd, end);
    answer.body = received_;
    return true;
}

bool HttpClient::read_until(std::size_t size, Clock::time_point end) {
    std::array<char, 65'536> buffer;
    while (received_.size() < size) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) {
            received_.append(buffer.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EAGAIN || !wait_for(socket_.get(), POLLIN, end)) {
            return false;
        }
    }
    return true;
}

bool HttpClient::read_chunks(std::string& body, Clock::time_point end) {
    for (;;) {
        std::size_t line = std::string::npos;
        while ((line = received_.find("\r\n")) == std::string::npos) {
            if (!read_until(received_.size() + 1, end)) return false;
        }
        const auto size = number(received_.substr(0, line), 16);
        if (!size || !read_until(line + 2 + *size + 2, end)) return false;
        body += received_.substr(line + 2, *size);
        received_.erase(0, line + 2 + *size + 2);
        if (*size == 0) return true;
    }
}

}  // namespace phalanx::harness

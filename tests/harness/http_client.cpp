#include "harness/http_client.hpp"

#include <poll.h>
#include <strings.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>

namespace phalanx::harness {
namespace {

constexpr std::size_t kToTheEnd = std::numeric_limits<std::size_t>::max();

std::optional<std::string> header(const std::string& head, std::string_view name) {
    for (std::size_t line = head.find("\r\n"); line != std::string::npos;
         line = head.find("\r\n", line + 2)) {
        const char* const start = head.data() + line + 2;
        if (::strncasecmp(start, name.data(), name.size()) != 0 || start[name.size()] != ':') continue;
        const std::size_t value = line + 2 + name.size() + 2;
        return head.substr(value, head.find("\r\n", value) - value);
    }
    return std::nullopt;
}

std::optional<std::size_t> number(std::string_view text, int base) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} ? std::optional(value) : std::nullopt;
}

bool send_all(const Descriptor& socket, std::string_view bytes, Clock::time_point end) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
        if (sent < 0 && (errno != EAGAIN || !wait_for(socket.get(), POLLOUT, end))) return false;
    }
    return true;
}

}  // namespace

HttpAnswer HttpClient::get(std::string_view target, bool keep) {
    return exchange("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
                        (keep ? "\r\n" : "Connection: close\r\n\r\n"),
                    keep);
}

HttpAnswer HttpClient::send(std::string_view method, std::string_view target, std::string_view body,
                            std::string_view headers) {
    std::string request(method);
    request.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    request.append(headers).append("Content-Length: ").append(std::to_string(body.size()));
    return exchange(request.append("\r\n\r\n").append(body), false);
}

HttpAnswer HttpClient::exchange(const std::string& request, bool keep) {
    const auto end = Clock::now() + kPatience;
    if (!socket_.is_open()) socket_ = connect_to(server_);
    received_.clear();
    if (!send_all(socket_, request, end)) return {};
    std::size_t head_end = std::string::npos;
    while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_until(received_.size() + 1, end)) return {};
    }
    HttpAnswer answer;
    answer.head = received_.substr(0, head_end + 2);
    received_.erase(0, head_end + 4);
    bool whole = true;
    if (const auto length = header(answer.head, "Content-Length")) {
        const std::size_t size = number(*length, 10).value_or(0);
        whole = read_until(size, end);
        answer.body = received_.substr(0, size);
    } else if (header(answer.head, "Transfer-Encoding")) {
        whole = read_chunks(answer.body, end);
    } else {
        (void)read_until(kToTheEnd, end);
        answer.body = received_;
    }
    if (!keep || !whole) socket_.close();
    if (whole) answer.status = static_cast<int>(number(answer.head.substr(9, 3), 10).value_or(0));
    return answer;
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

HttpStream::HttpStream(const Address& server, std::string_view target) : HttpStream(server) {
    send("GET " + std::string(target) + " HTTP/1.0\r\n\r\n");
}

bool HttpStream::send(std::string_view bytes, milliseconds deadline) {
    return send_all(socket_, bytes, Clock::now() + deadline);
}

bool HttpStream::wait_for_end(std::string_view text, milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    while (!received_.ends_with(text)) {
        if (!read_more(end)) return false;
    }
    return true;
}

bool HttpStream::wait_until_closed(milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    while (read_more(end)) {
    }
    return closed_;
}

bool HttpStream::read_more(Clock::time_point end) {
    std::array<char, 4096> buffer;
    while (!closed_ && wait_for(socket_.get(), POLLIN, end)) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EAGAIN) continue;
        closed_ = got <= 0;
        if (!closed_) received_.append(buffer.data(), static_cast<std::size_t>(got));
        return !closed_;
    }
    return false;
}

}  // namespace phalanx::harness

#include "harness/fastcgi_client.hpp"

#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

namespace phalanx::harness {
namespace {

constexpr std::size_t kReadSize = 65'536;
constexpr std::size_t kShownBytes = 600;

std::string shortened(const std::string& text) {
    if (text.size() <= kShownBytes) return text;
    return text.substr(0, kShownBytes) + "... (" + std::to_string(text.size()) + " bytes)";
}

std::uint32_t number(char value) {
    return static_cast<unsigned char>(value);
}

EndRecord end_record(const std::string& content) {
    if (content.size() < 8) return {0xffff'ffff, 0xff};
    const std::uint32_t status =
        number(content[0]) << 24 | number(content[1]) << 16 | number(content[2]) << 8 | number(content[3]);
    return {status, static_cast<std::uint8_t>(content[4])};
}

}  // namespace

int Answer::status() const {
    if (output.find("\r\n\r\n") == std::string::npos) return 0;
    const auto given = header("Status");
    return given ? std::atoi(given->c_str()) : 200;
}

std::string Answer::body() const {
    const std::size_t head_end = output.find("\r\n\r\n");
    return head_end == std::string::npos ? std::string() : output.substr(head_end + 4);
}

std::vector<std::string> Answer::header_lines() const {
    std::vector<std::string> lines;
    const std::size_t head_end = output.find("\r\n\r\n");
    if (head_end == std::string::npos) return lines;
    for (std::size_t start = 0; start < head_end;) {
        const std::size_t next = output.find("\r\n", start);
        lines.push_back(output.substr(start, next - start));
        start = next + 2;
    }
    return lines;
}

std::optional<std::string> Answer::header(std::string_view name) const {
    for (const std::string& line : header_lines()) {
        if (line.size() <= name.size() || line[name.size()] != ':') continue;
        if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
        const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
        return value == std::string::npos ? std::string() : line.substr(value);
    }
    return std::nullopt;
}

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
    out << "[status " << answer.status() << (answer.complete() ? ", whole" : ", no end record")
        << (answer.closed ? ", closed" : "") << (answer.timed_out ? ", timed out" : "") << "]\n"
        << shortened(answer.output);
    if (!answer.errors.empty()) out << "\n[stderr] " << shortened(answer.errors);
    return out;
}

bool FastCgiClient::send(std::string_view bytes, milliseconds deadline) {
    return send_all(socket_, bytes, Clock::now() + deadline);
}

void FastCgiClient::finish_sending() const {
    (void)::shutdown(socket_.get(), SHUT_WR);
}

FastCgiClient::Read FastCgiClient::read_more(Clock::time_point end) {
    std::array<char, kReadSize> buffer;
    for (;;) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) {
            received_.append(buffer.data(), static_cast<std::size_t>(got));
            return Read::More;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) return Read::Closed;
        if (!wait_for(socket_.get(), POLLIN, end)) return Read::TimedOut;
    }
}

bool FastCgiClient::take_into(Answer& answer) {
    while (auto next = take_record(received_)) {
        if (next->type == RecordType::Stdout) {
            answer.output += next->content;
        } else if (next->type == RecordType::Stderr) {
            answer.errors += next->content;
        } else if (next->type == RecordType::End) {
            answer.end = end_record(next->content);
            return true;
        } else {
            answer.others.push_back(std::move(*next));
        }
    }
    return false;
}

Answer FastCgiClient::read_answer(milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    Answer answer;
    while (!take_into(answer)) {
        const Read read = read_more(end);
        answer.closed = read == Read::Closed;
        answer.timed_out = read == Read::TimedOut;
        if (read != Read::More) break;
    }
    return answer;
}

std::optional<Record> FastCgiClient::read_record(milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    for (;;) {
        if (auto taken = take_record(received_)) return taken;
        if (read_more(end) != Read::More) return std::nullopt;
    }
}

bool FastCgiClient::wait_until_closed(milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    Read read = Read::More;
    while (read == Read::More) read = read_more(end);
    return read == Read::Closed;
}

Answer FastCgiClient::exchange(const Request& request, const RecordSizes& sizes, milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    const std::string bytes = encode(request, sizes);
    std::string_view left = bytes;
    Answer answer;
    for (bool done = false; !done;) {
        const auto events = static_cast<short>(left.empty() ? POLLIN : POLLIN | POLLOUT);
        if (!wait_for(socket_.get(), events, end)) {
            answer.timed_out = true;
            return answer;
        }
        if (!left.empty()) {
            const ssize_t sent = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
            // A server that has already answered may have closed its side: what it said is still to be read.
            left.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : errno == EAGAIN ? 0 : left.size());
        }
        const Read read = read_more(Clock::now());
        done = take_into(answer);
        if (!done && read == Read::Closed) answer.closed = done = true;
    }
    return answer;
}

Answer ask(const Address& server, const Request& request, const RecordSizes& sizes) {
    FastCgiClient client(server);
    if (client.connected()) return client.exchange(request, sizes);
    Answer refused;
    refused.closed = true;
    return refused;
}

}  // namespace phalanx::harness

#include "harness/http_message.hpp"

#include <strings.h>

namespace phalanx::harness {

std::string encode(const HttpRequest& request, bool keep) {
    std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
    if (!keep) text += "Connection: close\r\n";
    if (!request.body.empty() || request.method == "POST") {
        text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return text + "\r\n" + request.body;
}

std::vector<std::string> HttpAnswer::headers(std::string_view name) const {
    std::vector<std::string> values;
    for (std::size_t line = head.find("\r\n"); line != std::string::npos;
         line = head.find("\r\n", line + 2)) {
        const char* const start = head.data() + line + 2;
        if (::strncasecmp(start, name.data(), name.size()) != 0 || start[name.size()] != ':') continue;
        const std::size_t value = head.find_first_not_of(' ', line + 2 + name.size() + 1);
        values.push_back(head.substr(value, head.find("\r\n", value) - value));
    }
    return values;
}

std::optional<std::string> HttpAnswer::header(std::string_view name) const {
    const std::vector<std::string> values = headers(name);
    return values.empty() ? std::nullopt : std::optional(values.front());
}

}  // namespace phalanx::harness

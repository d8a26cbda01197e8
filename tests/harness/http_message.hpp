#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phalanx::harness {

/// What a client asks for. Host, Content-Length and Connection are added when it is sent.
struct HttpRequest {
    std::string method = "GET";
    std::string target = "/";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

/// HTTP/1.1 text. The host is always "localhost", whatever port the server has: two servers then see the same
/// bytes.
[[nodiscard]] std::string encode(const HttpRequest& request, bool keep);

struct HttpAnswer {
    int status = 0;  ///< 0: no whole answer came
    std::string head = {};
    std::string body = {};

    /// The value of the first header of that name, in any case; nothing when there is none.
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
    /// The values of all headers of that name, in their order.
    [[nodiscard]] std::vector<std::string> headers(std::string_view name) const;
};

}  // namespace phalanx::harness

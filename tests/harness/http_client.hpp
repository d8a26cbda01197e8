#pragma once

#include <string>
#include <string_view>

#include "harness/http_message.hpp"
#include "harness/socket.hpp"

namespace phalanx::harness {

/// HTTP/1.1 as far as tests behind a real web server need it: bodies by length, by chunks or up to the end.
class HttpClient {
  public:
    explicit HttpClient(Address server) : server_(std::move(server)) {}

    /// One GET; a connection that the server keeps is used for the next one too.
    [[nodiscard]] HttpAnswer get(std::string_view target, bool keep = false);
    [[nodiscard]] HttpAnswer post(std::string_view target, std::string_view body);
    [[nodiscard]] HttpAnswer send(const HttpRequest& request, bool keep = false);

  private:
    bool read_body(HttpAnswer& answer, Clock::time_point end);
    bool read_until(std::size_t size, Clock::time_point end);
    bool read_chunks(std::string& body, Clock::time_point end);

    Address server_;
    Descriptor socket_;
    std::string received_;
};

}  // namespace phalanx::harness

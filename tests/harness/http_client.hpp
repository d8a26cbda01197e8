#pragma once

#include <string>
#include <string_view>

#include "harness/socket.hpp"

namespace phalanx::harness {

struct HttpAnswer {
    int status = 0;  ///< 0: no whole answer came
    std::string head;
    std::string body;
};

/// HTTP/1.1 as far as tests behind a real web server need it: bodies by length, by chunks or up to the end.
class HttpClient {
  public:
    explicit HttpClient(Address server) : server_(std::move(server)) {}

    /// One GET; a connection that the server keeps is used for the next one too.
    [[nodiscard]] HttpAnswer get(std::string_view target, bool keep = false);
    [[nodiscard]] HttpAnswer post(std::string_view target, std::string_view body) {
        return send("POST", target, body);
    }
    /// One request with a body; `headers` are whole lines.
    [[nodiscard]] HttpAnswer send(std::string_view method, std::string_view target, std::string_view body,
                                  std::string_view headers = {});

  private:
    HttpAnswer exchange(const std::string& request, bool keep);
    bool read_until(std::size_t size, Clock::time_point end);
    bool read_chunks(std::string& body, Clock::time_point end);

    Address server_;
    Descriptor socket_;
    std::string received_;
};

/// One request whose answer is watched while it comes: by HTTP/1.0, so that it comes without chunks.
class HttpStream {
  public:
    /// A GET.
    HttpStream(const Address& server, std::string_view target);
    /// The test itself sends the request.
    explicit HttpStream(const Address& server) : socket_(connect_to(server)) {}
    bool send(std::string_view bytes, milliseconds deadline = kPatience);

    /// Whether everything that came so far, head included, ends with this text within the time.
    [[nodiscard]] bool wait_for_end(std::string_view text, milliseconds deadline = kPatience);
    /// Whether the server has ended the answer within the time.
    [[nodiscard]] bool wait_until_closed(milliseconds deadline = kPatience);
    [[nodiscard]] const std::string& received() const { return received_; }
    void hang_up() { socket_.close(); }

  private:
    bool read_more(Clock::time_point end);

    Descriptor socket_;
    std::string received_;
    bool closed_ = false;
};

}  // namespace phalanx::harness

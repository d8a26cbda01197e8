#pragma once

#include <string>
#include <string_view>

#include "harness/socket.hpp"

namespace phalanx::harness {

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

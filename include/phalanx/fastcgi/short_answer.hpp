#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace phalanx::fastcgi {

// What clients are told whose request is lost, by whoever can still tell them.
inline constexpr std::string_view bad_gateway = "502 Bad Gateway";                  ///< its worker crashed
inline constexpr std::string_view service_unavailable = "503 Service Unavailable";  ///< the server stops
inline constexpr std::string_view gateway_timeout = "504 Gateway Timeout";          ///< it took too long

/// A whole answer that needs no script, no memory and no time: a Status header, a line of text and
/// END_REQUEST (FastCGI 1.0, 5.5). For those who can do no more than send it: a dying worker's signal
/// handler, and the master where a worker has died.
class ShortAnswer {
  public:
    /// `status` is code and reason, as in "504 Gateway Timeout"; at most 64 bytes, the rest is cut. `header`:
    /// one more header line with its CRLF, at most 64 bytes too, or nothing.
    explicit ShortAnswer(std::string_view status, std::string_view header = {});

    /// Makes it the answer to this request. Async-signal-safe.
    void address_to(std::uint16_t request_id) noexcept;
    [[nodiscard]] std::string_view bytes() const noexcept {
        return {reinterpret_cast<const char*>(bytes_.data()), size_};
    }

  private:
    std::array<std::byte, 320> bytes_{};
    std::size_t size_ = 0;
    std::size_t end_record_ = 0;  ///< where END_REQUEST begins
};

}  // namespace phalanx::fastcgi

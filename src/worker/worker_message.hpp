#pragma once

#include <array>
#include <string_view>

#include "phalanx/link/worker_settings.hpp"
#include "phalanx/php/request_port.hpp"

namespace phalanx::worker {

/// One message of a worker as php-fpm would write it: "LEVEL: TEXT" on standard error, where the master may
/// catch it, and TEXT alone to the client; a text that is longer than log_limit allows ends in "...".
/// Messages below log_level are left out of standard error, but for PHP's own, which only lose their level.
/// Lives as long as the message.
class WorkerMessage {
  public:
    WorkerMessage(const link::WorkerSettings& settings, const php::Message& message);

    /// In one piece. Nothing where the master does not catch it.
    void write_to_standard_error() const;

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] std::string_view mark() const { return mark_; }  ///< follows a text that was cut

  private:
    void open(const php::Message& message, bool tells_place);

    bool wanted_;
    std::array<char, 256> opening_;
    std::size_t opening_size_ = 0;
    std::string_view text_;
    std::string_view mark_;
};

}  // namespace phalanx::worker

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "phalanx/config/settings.hpp"
#include "phalanx/log/access_log.hpp"
#include "phalanx/status/scoreboard.hpp"

namespace phalanx::master {

/// Why a worker is gone that had a request in its hands.
enum class LossReason : std::uint8_t { crash, timeout, stop };

/// What its client is to be told by the master.
struct LostAnswer {
    int code = 502;
    std::uint16_t request_id = 0;
};

/// The answer's code for a request that its worker never answered: 502, 504 or 503. Nothing where the worker
/// was idle or the answer had begun, as far as its scoreboard entry tells.
[[nodiscard]] std::optional<int> code_of_lost(const status::SlotSnapshot& last, LossReason reason);
/// The script had ended: then the worker has written the request's line itself.
[[nodiscard]] bool is_logged(const status::SlotSnapshot& last);
/// "504 Gateway Timeout"
[[nodiscard]] std::string_view status_of_lost(int code);

/// Writes the access log's line for a request whose worker could not: of what the scoreboard holds.
class LostRequestLog {
  public:
    explicit LostRequestLog(const config::PoolSettings& settings) : settings_(settings) {}
    void write(int log_fd, const status::SlotSnapshot& last, int code);

  private:
    const config::PoolSettings& settings_;
    std::optional<log::AccessFormat> format_;  ///< parsed when first needed
};

}  // namespace phalanx::master

#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "harness/fastcgi.hpp"
#include "harness/latencies.hpp"
#include "harness/socket.hpp"

namespace phalanx::harness {

enum class ConnectionUse { Short, Kept };

/// What a load run does: so many clients, each with one request at a time, until enough were sent or the time
/// is over.
struct LoadPlan {
    Address server;
    Request request;
    std::size_t clients = 1;
    ConnectionUse use = ConnectionUse::Short;
    std::optional<std::uint64_t> requests;  ///< in all; without it, the duration ends the run
    milliseconds duration{60'000};          ///< no request is begun after it
    milliseconds answer_deadline{10'000};   ///< after this a request counts as never answered
    std::optional<std::size_t> body_size;   ///< an answer with another one is wrong
    bool numbered = false;                  ///< see kNumberPlace
    std::function<void()> every_tick;       ///< called about every tick while the run lasts
    milliseconds tick{10};
};

/// In a numbered run every such text in the request becomes a number of the same width that no other request
/// has; the script must give it back as its whole body. So an answer that went to the wrong client is seen.
inline constexpr std::string_view kNumberPlace = "#0000000000#";

struct LoadReport {
    std::uint64_t completed = 0;   ///< whole, right answers
    std::uint64_t wrong = 0;       ///< whole answers with a status other than 200 or another body
    std::uint64_t broken = 0;      ///< the connection ended before the answer did
    std::uint64_t refused = 0;     ///< could not connect
    std::uint64_t unanswered = 0;  ///< nothing, neither answer nor end of connection, until the deadline
    std::chrono::microseconds elapsed{};
    Latencies latencies;  ///< of whole answers, from before the connect to the end record
    std::string first_wrong;

    [[nodiscard]] std::uint64_t errors() const { return wrong + broken + refused + unanswered; }
    [[nodiscard]] double per_second() const;
};

std::ostream& operator<<(std::ostream& out, const LoadReport& report);

/// Runs the plan in the calling thread. Throws std::runtime_error when the system gives no epoll set.
[[nodiscard]] LoadReport run_load(const LoadPlan& plan);

}  // namespace phalanx::harness

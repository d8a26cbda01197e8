#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "phalanx/fastcgi/params.hpp"
#include "phalanx/link/worker_settings.hpp"

namespace phalanx::worker {

/// What a client has kept the worker waiting for.
enum class SlowClient : std::uint8_t {
    sending,  ///< the rest of a request's body: request_body_timeout
    taking    ///< taking its answer: response_write_timeout
};

/// Says in the error log which clients a worker has given up, so that nobody can flood the log: the first
/// ones of a minute singly, the others as a number afterwards. Like all that a worker says, it gets there
/// only with catch_workers_output. The master's partner for its own waits is ClientLog.
class SlowClientLog {
  public:
    static constexpr unsigned most_single_lines = 10;
    static constexpr std::chrono::minutes span{1};
    using Clock = std::chrono::steady_clock;

    /// `params` are those of the request under way, or empty; both outlive this.
    SlowClientLog(const link::WorkerSettings& settings, const fastcgi::Params& params)
        : settings_(settings), params_(params) {}
    ~SlowClientLog() { say_sum(); }
    SlowClientLog(const SlowClientLog&) = delete;
    SlowClientLog& operator=(const SlowClientLog&) = delete;

    /// `connection` is still open.
    void tell(SlowClient how, int connection, Clock::time_point now = Clock::now());
    /// Now and then: says the number that is due.
    void settle() {
        if (silent_ > 0) begin_span_if_over(Clock::now());
    }

  private:
    void begin_span_if_over(Clock::time_point now);
    void say_sum();
    void say(std::string_view text) const;

    const link::WorkerSettings& settings_;
    const fastcgi::Params& params_;
    Clock::time_point span_end_{};
    unsigned single_lines_ = 0;  ///< in this span
    std::uint64_t silent_ = 0;   ///< clients not spoken of yet
};

}  // namespace phalanx::worker

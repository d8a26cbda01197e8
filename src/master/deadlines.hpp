#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "event_loop.hpp"
#include "phalanx/base/clock.hpp"
#include "phalanx/link/messages.hpp"

namespace phalanx::master {

/// Connections that each wait for the same span of time, the one that began first in front. A wait is over
/// when its connection's number of waits has moved on: nothing has to be taken out for that.
class Deadlines {
  public:
    struct Wait {
        link::ConnectionId id;
        std::uint32_t number = 0;  ///< of the connection's waits
    };
    using IsOn = std::function<bool(const Wait&)>;
    using Due = std::function<void(const Wait&)>;

    /// `span` 0: for ever; then only their order is kept.
    Deadlines(EventLoop& loop, std::chrono::milliseconds span, IsOn is_on, Due due)
        : span_(span), is_on_(std::move(is_on)), due_(std::move(due)), timer_(loop) {}

    void begin(const Wait& wait) {
        if (waits_.size() >= clean_at_) {
            std::erase_if(waits_, [this](const Begun& begun) { return !is_on_(begun.wait); });
            clean_at_ = std::max(least_clean_at, 2 * waits_.size());
        }
        waits_.push_back({base::Monotonic::now(), wait});
        if (span_.count() > 0 && !timer_.armed()) timer_.start(span_, [this] { look(); });
    }

    /// The one that has waited longest, if it has for `least`; it stays. Nothing: there is none.
    [[nodiscard]] std::optional<Wait> oldest(std::chrono::milliseconds least) {
        while (!waits_.empty() && !is_on_(waits_.front().wait)) waits_.pop_front();
        if (waits_.empty() || base::Monotonic::now() - waits_.front().at < least) return std::nullopt;
        return waits_.front().wait;
    }

  private:
    struct Begun {
        base::MonotonicTime at;
        Wait wait;
    };
    static constexpr std::size_t least_clean_at = 256;

    void look() {
        const auto now = base::Monotonic::now();
        while (!waits_.empty() && waits_.front().at + span_ <= now) {
            const Wait wait = waits_.front().wait;
            waits_.pop_front();
            if (is_on_(wait)) due_(wait);
        }
        if (waits_.empty()) return;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(waits_.front().at + span_ - now);
        timer_.start(left, [this] { look(); });
    }

    std::chrono::milliseconds span_;
    IsOn is_on_;
    Due due_;
    Timer timer_;
    std::deque<Begun> waits_;
    std::size_t clean_at_ = least_clean_at;  ///< so that waits that are over do not pile up
};

}  // namespace phalanx::master

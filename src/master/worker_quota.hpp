#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "phalanx/log/error_log.hpp"

namespace phalanx::master {

/// The bound on the workers of all pools together (php-fpm: process.max). Pools ask before they order
/// workers; their staffs report what was ordered and what is gone.
class WorkerQuota {
  public:
    /// `most` 0: no bound.
    WorkerQuota(std::size_t most, log::ErrorLog& log) : log_(log) { set_most(most); }
    void set_most(std::size_t most) { most_ = most == 0 ? std::numeric_limits<std::size_t>::max() : most; }

    /// How many of these may be ordered. A refusal is logged once, until workers can be made again.
    [[nodiscard]] std::size_t grant(std::size_t wanted) {
        const std::size_t granted = std::min(wanted, most_ - std::min(most_, taken_));
        if (granted > 0) warned_ = false;
        if (granted < wanted && !std::exchange(warned_, true)) {
            log_.warning(
                "The maximum number of processes has been reached. Please review your configuration "
                "and consider raising 'process.max'");
        }
        return granted;
    }
    [[nodiscard]] bool is_bounded() const { return most_ != std::numeric_limits<std::size_t>::max(); }
    [[nodiscard]] bool has_room() const { return taken_ < most_; }
    void take(std::size_t count) { taken_ += count; }
    void give_back(std::size_t count = 1) { taken_ -= std::min(count, taken_); }

  private:
    std::size_t most_ = 0;
    std::size_t taken_ = 0;
    bool warned_ = false;
    log::ErrorLog& log_;
};

}  // namespace phalanx::master

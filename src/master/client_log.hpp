#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "phalanx/config/settings.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/log/error_log.hpp"

namespace phalanx::master {

/// What becomes of a client that gets no answer of a script's, as far as the master has a part in it.
enum class ClientEvent : std::uint8_t {
    late_head,      ///< its request had not arrived in time
    buffer_full,    ///< its request's head did not fit into what is left of queue.max_buffer
    unwatchable,    ///< the kernel refused to watch it
    out_of_memory,  ///< no memory for its request's head
    evicted,        ///< idle, it had to make room for another
    no_room,        ///< a worker gave it back, and the pool holds as many as it may
    shed,           ///< the line was full
    shed_head,      ///< the heads of those in the line left no room for its own in queue.max_buffer
    expired,        ///< it had waited longer than queue.timeout
    abandoned,      ///< it left before its turn
    unserved,       ///< the pool cannot start
    slow_sending,   ///< a worker has waited too long for the rest of its request's body
    slow_taking,    ///< a worker has waited too long for it to take its answer
};

/// Says in the error log what happened to a pool's clients, so that nobody can flood the log: the first ones
/// of a span of time singly, with their address, where the client itself is to blame; the others as sums.
class ClientLog {
  public:
    ClientLog(log::ErrorLog& log, const config::PoolSettings& settings) : log_(log), settings_(settings) {}

    /// `connection` is still open; -1 where it does not matter who it was.
    void tell(ClientEvent event, int connection = -1);
    /// What a worker has said of a client. False: in no such form as it may.
    [[nodiscard]] bool tell_slow(std::string_view note);
    /// The pool takes no connections for want of descriptors, or takes them again for a while. Said once
    /// each.
    void tell_exhausted(const char* what);
    /// Once a second: says the sums that are due.
    void tick();

  private:
    static constexpr std::size_t events = 12;
    /// Lines about single clients in one span, and the span in ticks.
    static constexpr std::size_t most_single_lines = 10;
    static constexpr std::size_t span_ticks = 10;

    struct Count {
        std::uint64_t silent = 0;      ///< not said yet
        std::size_t single_lines = 0;  ///< in this span
        std::size_t quiet_ticks = 0;   ///< left until the next sum may be said
    };
    /// Counts it. False: it is not to be said singly.
    [[nodiscard]] bool may_say(ClientEvent event);
    [[nodiscard]] Count& count_of(ClientEvent event) { return counts_[static_cast<std::size_t>(event)]; }
    [[nodiscard]] std::string sum(ClientEvent event, std::uint64_t count) const;

    log::ErrorLog& log_;
    const config::PoolSettings& settings_;
    std::array<Count, events> counts_{};
    std::size_t ticks_ = 0;
    bool exhausted_ = false;
    std::size_t calm_ticks_ = 0;  ///< since it last was
};

}  // namespace phalanx::master

#pragma once

#include <chrono>
#include <cstdint>

namespace phalanx::master {

/// Who takes new connections while no worker is idle.
///
///   refill  the workers, from the listener, one after the other; the master sleeps. Cheapest, and right as
///           long as nobody waits for long: in the kernel's queue a connection cannot be counted, limited,
///           answered or found to be gone.
///   line    the master, at once, into its line.
enum class LineMode : std::uint8_t { refill, line };

/// What has happened since the last look, while no worker was idle.
struct LineView {
    std::chrono::microseconds interval{0};
    std::uint64_t begun = 0;        ///< requests that workers have begun
    std::uint64_t waiting = 0;      ///< connections in the kernel's queue and requests in the line
    std::uint64_t new_waiting = 0;  ///< of those: in the kernel's queue
    std::uint64_t kept_joined = 0;  ///< requests of kept connections, which have no other way than the line
    std::uint64_t most_unseen = 0;  ///< so many may wait for `longest_quick_wait`
    std::uint64_t kernel_room = 0;  ///< connections that the kernel's queue holds; 0: unknown
};

/// A connection that comes now would wait for longer than that: the master takes over.
inline constexpr std::chrono::microseconds longest_refill_wait{10'000};
/// The same of a pool that begins a request each `quick_pace` or faster. What the master does for each of
/// them would take a good part of that time, and so would make the wait long that it looks after.
inline constexpr std::chrono::microseconds longest_quick_wait{50'000};
inline constexpr std::chrono::microseconds quick_pace{200};
/// One of so many places of the kernel's queue has to be free in any case: nobody is refused between two
/// looks.
inline constexpr std::uint64_t kernel_reserve = 2;
/// All bounds are lower by one in so many for the way back: what is left to the workers, who are faster
/// without the master, does not soon come back.
inline constexpr int way_back = 10;

/// Of the requests begun, those of kept connections make up so much: one in that many. Workers take them out
/// of the line before they look at the listener, so who waits there may wait for long.
inline constexpr std::uint64_t kept_count_from = 8;

/// Which way to go on with. Pure.
[[nodiscard]] LineMode decide_line_mode(LineMode present, const LineView& view);

}  // namespace phalanx::master

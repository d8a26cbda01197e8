#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace phalanx::status {

/// Waiting times are counted in buckets, two to each doubling: 0, 1, 2, 3, 4-5, 6-7, 8-11, ... microseconds,
/// the last one open.
inline constexpr std::size_t wait_buckets = 56;
[[nodiscard]] std::size_t wait_bucket_of(std::uint64_t usec);
/// The longest time that belongs to the bucket, in microseconds.
[[nodiscard]] std::uint64_t wait_bucket_end(std::size_t bucket);

/// Percentiles are about requests of the last one to two of these.
inline constexpr std::chrono::seconds wait_window{60};

/// What a pool's master tells of its line, the requests that wait in the master for a worker. Written by the
/// master alone, read by all of the pool.
struct LinePage {
    std::atomic<std::uint64_t> length;
    std::atomic<std::uint64_t> longest;
    std::atomic<std::uint64_t> oldest_since_usec;  ///< monotonic: when the first one joined; 0: none waits
    std::atomic<std::uint64_t> joined;             ///< requests that have waited there, ever
    std::atomic<std::uint64_t> shed;               ///< answered 503 because the line was full
    std::atomic<std::uint64_t> expired;            ///< answered 503 after queue.timeout
    std::atomic<std::uint64_t> abandoned;          ///< dropped, their client was gone
    std::atomic<std::uint64_t> kept_idle;          ///< kept-alive connections between two requests
    std::atomic<std::uint64_t> parked;             ///< connections whose request's head is not whole
    /// Requests that left the line for a worker, by waiting time: the present window's and the last one's.
    std::atomic<std::uint64_t> waits[2][wait_buckets];
};

/// The same at one moment.
struct LineSnapshot {
    std::uint64_t length = 0, longest = 0, oldest_usec = 0, joined = 0;
    std::uint64_t shed = 0, expired = 0, abandoned = 0, kept_idle = 0, parked = 0;
    std::uint64_t wait_p50_usec = 0, wait_p95_usec = 0, wait_p99_usec = 0;
};
[[nodiscard]] LineSnapshot take_line_snapshot(const LinePage& page, std::uint64_t now_usec);

/// Counts one waiting time.
void count_wait(LinePage& page, std::uint64_t usec);
/// The present window becomes the last one.
void begin_wait_window(LinePage& page);

}  // namespace phalanx::status

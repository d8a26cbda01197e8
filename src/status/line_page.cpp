#include "phalanx/status/line_page.hpp"

#include <algorithm>
#include <bit>

namespace phalanx::status {
namespace {

using Waits = std::array<std::uint64_t, wait_buckets>;

/// The time within which that part of the requests had their worker; 0 where there was none.
std::uint64_t percentile(const Waits& waits, std::uint64_t total, std::uint64_t percent) {
    // Rounded up: the 99th percentile of two is the second.
    std::uint64_t left = (total * percent + 99) / 100;
    for (std::size_t bucket = 0; bucket < waits.size() && left > 0; ++bucket) {
        if (waits[bucket] >= left) return wait_bucket_end(bucket);
        left -= waits[bucket];
    }
    return 0;
}

}  // namespace

std::size_t wait_bucket_of(std::uint64_t usec) {
    if (usec < 2) return static_cast<std::size_t>(usec);
    // The highest bit says which doubling, the one below it which half.
    const auto doubling = static_cast<std::size_t>(std::bit_width(usec)) - 1;
    const std::size_t half = usec >> (doubling - 1) & 1;
    return std::min(2 * doubling + half, wait_buckets - 1);
}

std::uint64_t wait_bucket_end(std::size_t bucket) {
    if (bucket < 2) return bucket;
    const std::size_t doubling = bucket / 2;
    const std::uint64_t begin = (std::uint64_t{2} | (bucket & 1)) << (doubling - 1);
    return begin + (std::uint64_t{1} << (doubling - 1)) - 1;
}

void count_wait(LinePage& page, std::uint64_t usec) {
    page.waits[0][wait_bucket_of(usec)].fetch_add(1, std::memory_order_relaxed);
}

void begin_wait_window(LinePage& page) {
    for (std::size_t bucket = 0; bucket < wait_buckets; ++bucket)
        page.waits[1][bucket].store(page.waits[0][bucket].exchange(0));
}

LineSnapshot take_line_snapshot(const LinePage& page, std::uint64_t now_usec) {
    LineSnapshot snapshot{.length = page.length,
                          .longest = page.longest,
                          .joined = page.joined,
                          .shed = page.shed,
                          .expired = page.expired,
                          .abandoned = page.abandoned,
                          .kept_idle = page.kept_idle,
                          .parked = page.parked};
    const std::uint64_t since = page.oldest_since_usec;
    if (since != 0 && since < now_usec) snapshot.oldest_usec = now_usec - since;
    Waits waits{};
    std::uint64_t total = 0;
    for (std::size_t bucket = 0; bucket < wait_buckets; ++bucket) {
        waits[bucket] = page.waits[0][bucket] + page.waits[1][bucket];
        total += waits[bucket];
    }
    snapshot.wait_p50_usec = percentile(waits, total, 50);
    snapshot.wait_p95_usec = percentile(waits, total, 95);
    snapshot.wait_p99_usec = percentile(waits, total, 99);
    return snapshot;
}

}  // namespace phalanx::status

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phalanx/base/ids.hpp"
#include "phalanx/status/line_page.hpp"

namespace phalanx::status {

/// Where a worker is in a request; php-fpm's six words (status page, "state").
enum class Stage : std::uint32_t { idle, reading_headers, getting_information, running, ending, finishing };

/// How far the answer to the running request is.
enum class AnswerState : std::uint32_t {
    none,
    begun,      ///< bytes of it may have been sent
    last_words  ///< the dying worker has sent a short one in its place
};

/// php-fpm's word for a stage, "Idle" to "Finishing".
[[nodiscard]] std::string_view stage_name(Stage stage);

// Bytes kept of each text of a request, terminating zero included (compat: 127, 511, 15, 255, 31).
inline constexpr std::size_t uri_size = 128;
inline constexpr std::size_t query_size = 512;
inline constexpr std::size_t method_size = 16;
inline constexpr std::size_t script_size = 256;
inline constexpr std::size_t user_size = 32;

/// One worker's entry of its pool's scoreboard, in memory shared by master and workers. Only the worker of
/// that slot writes it, field by field, without locks; whoever reads it must expect any bytes at all (a
/// hostile script may own the worker) and uses read_slot(). Zero bytes are a valid empty entry.
struct alignas(64) SlotPage {
    std::atomic<std::uint32_t> stage;           ///< a Stage
    std::atomic<std::uint32_t> generation;      ///< odd while the request fields are being written
    std::atomic<std::uint64_t> requests;        ///< requests begun by this worker
    std::atomic<std::int64_t> pid;              ///< as the worker says: for display only, never to signal
    std::atomic<std::int64_t> started_at;       ///< wall clock, seconds since 1970
    std::atomic<std::uint64_t> accepted_usec;   ///< monotonic, when the running or last request began
    std::atomic<std::uint64_t> duration_usec;   ///< of the last request
    std::atomic<std::uint64_t> content_length;  ///< of the running or last request
    std::atomic<std::uint64_t> memory_peak;     ///< bytes, last request
    std::atomic<std::uint64_t> cpu_permille;    ///< last request's CPU time over its duration, in 1/1000
    std::atomic<std::int64_t> request_wall;     ///< wall clock seconds at which the request began
    std::atomic<std::uint32_t> answer;          ///< an AnswerState, of the running request
    std::atomic<std::uint32_t> request_id;      ///< FastCGI's, of the running request
    std::atomic<std::uint64_t> waited_usec;     ///< of the running or last request, in the master's line
    char method[method_size];
    char uri[uri_size];
    char query[query_size];
    char user[user_size];
    char script[script_size];
};

/// What the master alone writes for all of a pool to read: the totals that outlive single workers.
struct alignas(64) PoolPage {
    std::atomic<std::int64_t> started_at;          ///< wall clock seconds
    std::atomic<std::uint64_t> departed_requests;  ///< requests begun by workers that have left
    std::atomic<std::uint64_t> max_active;         ///< highest number of busy workers seen
    std::atomic<std::uint64_t> max_children_reached;
    std::atomic<std::uint64_t> slow_requests;
    std::atomic<std::uint64_t> listen_queue;  ///< connections waiting in the kernel, last sample
    std::atomic<std::uint64_t> max_listen_queue;
    std::atomic<std::uint64_t> listen_queue_length;  ///< the backlog the kernel grants
    LinePage line;
    std::atomic<std::uint64_t>
        live_mask[base::max_workers_per_pool / 64];  ///< bit i: slot i holds a live worker
};

/// A copy of one slot, every value clamped and every text ended and bounded: safe to render.
struct SlotSnapshot {
    std::int64_t pid = 0;
    Stage stage = Stage::idle;
    std::int64_t started_at = 0;
    std::uint64_t requests = 0;
    std::uint64_t duration_usec = 0;  ///< of the running request up to now, or of the last one
    std::uint64_t content_length = 0;
    std::uint64_t memory_peak = 0;  ///< 0 unless idle
    double cpu_percent = 0;         ///< 0 unless idle
    std::int64_t request_wall = 0;  ///< wall clock seconds at which the running or last request began
    AnswerState answer = AnswerState::none;
    std::uint16_t request_id = 0;
    std::uint64_t waited_usec = 0;  ///< of the running or last request, in the master's line
    std::string method, uri, query, user, script;
};

/// A pool's scoreboard at one moment, ready for rendering.
struct PoolSnapshot {
    std::string pool;
    std::string process_manager;  ///< "static", "dynamic" or "ondemand"
    std::int64_t now = 0;         ///< wall clock seconds at which it was taken
    std::int64_t started_at = 0;
    std::uint64_t accepted = 0;
    std::uint64_t listen_queue = 0, max_listen_queue = 0, listen_queue_length = 0;
    std::uint64_t idle = 0, active = 0, max_active = 0;
    std::uint64_t max_children_reached = 0, slow_requests = 0;
    LineSnapshot line;
    std::vector<SlotSnapshot> workers;  ///< slot order, live ones only
};

/// The scoreboard as it lies in memory that master and workers share: one SlotPage after the other, and a
/// PoolPage.
[[nodiscard]] inline std::span<SlotPage> slots_in(std::span<std::byte> memory) {
    return {reinterpret_cast<SlotPage*>(memory.data()), memory.size() / sizeof(SlotPage)};
}
[[nodiscard]] inline PoolPage& pool_in(std::span<std::byte> memory) {
    return *reinterpret_cast<PoolPage*>(memory.data());
}

[[nodiscard]] SlotSnapshot read_slot(const SlotPage& slot, std::uint64_t now_usec);
[[nodiscard]] PoolSnapshot take_snapshot(std::string_view pool, std::string_view process_manager,
                                         const PoolPage& page, std::span<const SlotPage> slots);

}  // namespace phalanx::status

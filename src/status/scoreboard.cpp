#include "phalanx/status/scoreboard.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "phalanx/base/clock.hpp"

namespace phalanx::status {
namespace {

/// How often a slot is read again because its worker was writing its texts. What is there after the last
/// attempt is taken, torn or not: a worker that died or lies must not hold up its reader.
constexpr int read_attempts = 3;

constexpr std::int64_t max_pid = 1 << 22;                   // the kernel's PID_MAX_LIMIT
constexpr std::int64_t max_wall_seconds = 253'402'300'799;  // the end of the year 9999
constexpr std::uint64_t max_waited_usec = std::numeric_limits<std::uint32_t>::max();  // as a job's
constexpr std::uint64_t max_cpu_permille = 1'000'000;                                 // a thousand CPUs

/// A copy of a text that its worker may be changing: each byte is read once, and at most size - 1 of them.
template <std::size_t size>
std::string copy_text(const char (&field)[size]) {
    std::array<char, size> copy;
    std::size_t length = 0;
    while (length < size - 1) {
        const char byte = __atomic_load_n(&field[length], __ATOMIC_RELAXED);
        if (byte == '\0') break;
        copy[length++] = byte;
    }
    return {copy.data(), length};
}

/// A stage out of range counts as busy: its worker does not follow the rules and is not free for work.
Stage clamp_stage(std::uint32_t number) {
    return static_cast<Stage>(std::min(number, static_cast<std::uint32_t>(Stage::finishing)));
}

/// What is not known counts as begun: then nobody else answers.
AnswerState clamp_answer(std::uint32_t number) {
    const auto state = static_cast<AnswerState>(number);
    return state == AnswerState::none || state == AnswerState::last_words ? state : AnswerState::begun;
}

SlotSnapshot copy_slot(const SlotPage& slot, std::uint64_t now_usec) {
    SlotSnapshot copy;
    const std::int64_t pid = slot.pid;
    copy.pid = pid > 0 && pid <= max_pid ? pid : 0;
    copy.stage = clamp_stage(slot.stage);
    copy.started_at = std::clamp<std::int64_t>(slot.started_at, 0, max_wall_seconds);
    copy.requests = slot.requests;
    copy.content_length = slot.content_length;
    copy.request_wall = std::clamp<std::int64_t>(slot.request_wall, 0, max_wall_seconds);
    copy.answer = clamp_answer(slot.answer);
    copy.request_id = static_cast<std::uint16_t>(slot.request_id & 0xffffU);
    copy.waited_usec = std::min<std::uint64_t>(slot.waited_usec, max_waited_usec);
    if (copy.stage == Stage::idle) {
        copy.duration_usec = std::min<std::uint64_t>(slot.duration_usec, now_usec);
        copy.memory_peak = slot.memory_peak;
        copy.cpu_percent =
            static_cast<double>(std::min<std::uint64_t>(slot.cpu_permille, max_cpu_permille)) / 10;
    } else {
        const std::uint64_t accepted = slot.accepted_usec;
        copy.duration_usec = accepted <= now_usec ? now_usec - accepted : 0;
    }
    copy.method = copy_text(slot.method);
    copy.uri = copy_text(slot.uri);
    copy.query = copy_text(slot.query);
    copy.user = copy_text(slot.user);
    copy.script = copy_text(slot.script);
    return copy;
}

std::uint64_t saturating_sum(std::uint64_t left, std::uint64_t right) {
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - left;
    return right > room ? std::numeric_limits<std::uint64_t>::max() : left + right;
}

bool is_live(const PoolPage& page, std::size_t slot) {
    return (page.live_mask[slot / 64] >> (slot % 64) & 1) != 0;
}

}  // namespace

std::string_view stage_name(Stage stage) {
    static constexpr std::array<std::string_view, 6> names{
        "Idle", "Reading headers", "Getting request information", "Running", "Ending", "Finishing"};
    const auto index = static_cast<std::size_t>(stage);
    return index < names.size() ? names[index] : names.back();
}

SlotSnapshot read_slot(const SlotPage& slot, std::uint64_t now_usec) {
    SlotSnapshot copy;
    for (int attempt = 0; attempt < read_attempts; ++attempt) {
        const std::uint32_t before = slot.generation;
        copy = copy_slot(slot, now_usec);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (before % 2 == 0 && slot.generation == before) break;
    }
    return copy;
}

PoolSnapshot take_snapshot(std::string_view pool, std::string_view process_manager, const PoolPage& page,
                           std::span<const SlotPage> slots) {
    PoolSnapshot snapshot;
    snapshot.pool = pool;
    snapshot.process_manager = process_manager;
    snapshot.now = base::wall_seconds();
    snapshot.started_at = std::clamp<std::int64_t>(page.started_at, 0, max_wall_seconds);
    snapshot.accepted = page.departed_requests;
    snapshot.listen_queue = page.listen_queue;
    snapshot.max_listen_queue = page.max_listen_queue;
    snapshot.listen_queue_length = page.listen_queue_length;
    snapshot.max_children_reached = page.max_children_reached;
    snapshot.slow_requests = page.slow_requests;

    const std::uint64_t now_usec = base::monotonic_usec();
    snapshot.line = take_line_snapshot(page.line, now_usec);
    const std::size_t count = std::min(slots.size(), base::max_workers_per_pool);
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_live(page, i)) continue;
        const SlotSnapshot& worker = snapshot.workers.emplace_back(read_slot(slots[i], now_usec));
        snapshot.accepted = saturating_sum(snapshot.accepted, worker.requests);
        ++(worker.stage == Stage::idle ? snapshot.idle : snapshot.active);
    }
    // The master sees a peak when it next looks; a page must not show more workers busy than ever were.
    snapshot.max_active = std::max<std::uint64_t>(page.max_active, snapshot.active);
    return snapshot;
}

}  // namespace phalanx::status

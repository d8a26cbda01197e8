#include "phalanx/status/slot_writer.hpp"

#include <algorithm>

#include "phalanx/base/clock.hpp"

namespace phalanx::status {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

/// Writes a text and its end byte by byte, so that a reader never meets a half-written one without an end:
/// the field's last byte is zero from the start and stays so.
template <std::size_t size>
void write_text(char (&field)[size], std::string_view text) {
    const std::size_t length = std::min({text.size(), text.find('\0'), size - 1});
    for (std::size_t i = 0; i < length; ++i) __atomic_store_n(&field[i], text[i], __ATOMIC_RELAXED);
    __atomic_store_n(&field[length], '\0', __ATOMIC_RELAXED);
}

}  // namespace

void SlotWriter::enter(Stage stage) {
    slot_.stage = static_cast<std::uint32_t>(stage);
}

void SlotWriter::open_texts() {
    slot_.generation = ++generation_;
    std::atomic_thread_fence(std::memory_order_release);
}

void SlotWriter::close_texts() {
    slot_.generation = ++generation_;
}

void SlotWriter::start(std::int64_t pid) {
    generation_ = slot_.generation & ~1U;  // also where the worker before died while writing
    requests_ = 0;
    clock_runs_ = false;
    open_texts();
    write_text(slot_.method, {});
    write_text(slot_.uri, {});
    write_text(slot_.query, {});
    write_text(slot_.user, {});
    write_text(slot_.script, {});
    for (auto* number : {&slot_.requests, &slot_.accepted_usec, &slot_.duration_usec, &slot_.content_length,
                         &slot_.memory_peak, &slot_.cpu_permille, &slot_.waited_usec}) {
        number->store(0, relaxed);
    }
    slot_.request_wall.store(0, relaxed);
    slot_.answer.store(0, relaxed);
    slot_.pid.store(pid, relaxed);
    slot_.started_at.store(base::wall_seconds(), relaxed);
    enter(Stage::idle);
    close_texts();
}

void SlotWriter::begin_reading() {
    begun_usec_ = base::monotonic_usec();
    begun_wall_ = base::wall_seconds();
    clock_runs_ = true;
    open_texts();
    slot_.accepted_usec.store(begun_usec_, relaxed);
    slot_.request_wall.store(begun_wall_, relaxed);
    slot_.requests.store(++requests_, relaxed);
    slot_.content_length.store(0, relaxed);
    slot_.waited_usec.store(0, relaxed);
    slot_.answer.store(0, relaxed);
    write_text(slot_.method, {});
    write_text(slot_.uri, {});
    write_text(slot_.query, {});
    write_text(slot_.user, {});
    write_text(slot_.script, {});
    enter(Stage::reading_headers);
    close_texts();
}

void SlotWriter::got_head(std::uint16_t request_id, std::uint64_t waited_usec) {
    waited_usec_ = waited_usec;
    slot_.request_id.store(request_id, relaxed);
    slot_.waited_usec.store(waited_usec, relaxed);
}

void SlotWriter::got_request(const RequestTexts& texts) {
    open_texts();
    slot_.content_length.store(texts.content_length, relaxed);
    write_text(slot_.method, texts.method);
    write_text(slot_.uri, texts.uri);
    write_text(slot_.query, texts.query);
    write_text(slot_.user, texts.user);
    write_text(slot_.script, texts.script);
    enter(Stage::getting_information);
    close_texts();
}

void SlotWriter::running() {
    enter(Stage::running);
}

void SlotWriter::finishing() {
    enter(Stage::finishing);
}

std::uint64_t SlotWriter::stop_clock() {
    clock_runs_ = false;
    const std::uint64_t now = base::monotonic_usec();
    const std::uint64_t duration = now > begun_usec_ ? now - begun_usec_ : 0;
    slot_.duration_usec.store(duration, relaxed);
    return duration;
}

void SlotWriter::ending(const RequestCost& cost) {
    const std::uint64_t duration = stop_clock();
    slot_.memory_peak.store(cost.memory_peak, relaxed);
    slot_.cpu_permille.store(duration == 0 ? 0 : cost.cpu_usec * 1000 / duration, relaxed);
    enter(Stage::ending);
}

void SlotWriter::idle() {
    if (clock_runs_) {  // the request never came to run a script
        stop_clock();
        slot_.memory_peak.store(0, relaxed);
        slot_.cpu_permille.store(0, relaxed);
    }
    enter(Stage::idle);
}

void SlotWriter::answer_begins() {
    slot_.answer = static_cast<std::uint32_t>(AnswerState::begun);
}

void SlotWriter::last_words_sent() {
    slot_.answer = static_cast<std::uint32_t>(AnswerState::last_words);
}

}  // namespace phalanx::status

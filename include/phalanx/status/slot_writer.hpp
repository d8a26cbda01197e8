#pragma once

#include <cstdint>
#include <string_view>

#include "phalanx/status/scoreboard.hpp"

namespace phalanx::status {

/// What the scoreboard shows of a request. Texts are cut to the size of their field.
struct RequestTexts {
    std::string_view method;
    std::string_view uri;  ///< without the query
    std::string_view query;
    std::string_view user;    ///< empty: none
    std::string_view script;  ///< empty: none, or not known yet
    std::uint64_t content_length = 0;
};

/// What a request has used once its script has ended.
struct RequestCost {
    std::uint64_t memory_peak = 0;  ///< bytes
    std::uint64_t cpu_usec = 0;     ///< user and system time together, 0 where nobody asked for it
};

/// A worker's pen on its own slot of the scoreboard. It is not the reader: that is take_snapshot(), in the
/// master or in a worker that answers the status page, and it may look at any moment.
///
///     start -> idle -> begin_reading -> got_request -> running -> [finishing] -> ending -> idle ...
///
/// Any step may be left out and idle() may follow each. No step makes a system call beyond reading the clock,
/// and only begin_reading() and the first of ending() and idle() after it do that.
class SlotWriter {
  public:
    /// The slot must outlive the writer; nobody else may write it.
    explicit SlotWriter(SlotPage& slot) : slot_(slot) {}

    /// A new worker takes the slot: everything of the one before is wiped.
    void start(std::int64_t pid);

    /// A request begins to arrive (php-fpm: "Reading headers"): counts it and starts its clock.
    void begin_reading();
    /// Its head is here: the number that its answer has to bear, and how long it waited in the master's line.
    void got_head(std::uint16_t request_id, std::uint64_t waited_usec);
    /// Its parameters are known ("Getting request information"). May be called again when more is.
    void got_request(const RequestTexts& texts);
    void running();
    /// The script goes on after fastcgi_finish_request().
    void finishing();
    /// The script has ended; shutdown functions and the rest of the answer follow.
    void ending(const RequestCost& cost);
    void idle();

    /// The first byte of the running request's answer is about to be sent.
    void answer_begins();
    /// A signal handler has answered in its place. Async-signal-safe.
    void last_words_sent();

    /// Monotonic microseconds at which the running or last request began, as base::monotonic_usec().
    [[nodiscard]] std::uint64_t begun_usec() const { return begun_usec_; }
    /// Wall clock seconds of the same moment.
    [[nodiscard]] std::int64_t begun_wall() const { return begun_wall_; }
    /// Of the running or last request.
    [[nodiscard]] std::uint64_t waited_usec() const { return waited_usec_; }

  private:
    void enter(Stage stage);
    std::uint64_t stop_clock();
    void open_texts();
    void close_texts();

    SlotPage& slot_;
    // Kept here as well: what stands in shared memory is never read back.
    std::uint32_t generation_ = 0;
    std::uint64_t requests_ = 0;
    std::uint64_t begun_usec_ = 0;
    std::int64_t begun_wall_ = 0;
    std::uint64_t waited_usec_ = 0;
    bool clock_runs_ = false;
};

}  // namespace phalanx::status

#include "line_mode.hpp"

namespace phalanx::master {
namespace {

/// How long the last in the queue will wait at the present pace. There is one: somebody has begun.
std::chrono::microseconds expected_wait(const LineView& view) {
    return view.interval * static_cast<std::int64_t>(view.waiting) / static_cast<std::int64_t>(view.begun);
}

}  // namespace

LineMode decide_line_mode(LineMode present, const LineView& view) {
    // Workers that begin nothing have long requests: taking connections costs nothing now, and somebody has
    // to see those that come.
    if (view.begun == 0) return LineMode::line;
    if (present == LineMode::refill) {
        // Workers take requests of kept connections out of the line before they look at the listener: who
        // waits there may wait for long.
        if (view.new_waiting > 0 && (view.kept_have_joined || !view.line_was_empty)) return LineMode::line;
        return expected_wait(view) > longest_refill_wait ? LineMode::line : LineMode::refill;
    }
    if (view.kept_have_joined) return LineMode::line;
    return expected_wait(view) < shortest_line_wait ? LineMode::refill : LineMode::line;
}

}  // namespace phalanx::master

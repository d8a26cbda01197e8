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
        // While requests of kept connections keep the line from running empty, nobody serves new ones.
        if (!view.line_was_empty && view.new_waiting > 0) return LineMode::line;
        return expected_wait(view) > longest_refill_wait ? LineMode::line : LineMode::refill;
    }
    if (view.kept_have_joined) return LineMode::line;
    return expected_wait(view) < shortest_line_wait ? LineMode::refill : LineMode::line;
}

}  // namespace phalanx::master

#include "line_mode.hpp"

namespace phalanx::master {
namespace {

/// How long the last in the queue will wait at the present pace. There is one: somebody has begun.
std::chrono::microseconds expected_wait(const LineView& view) {
    return view.interval * static_cast<std::int64_t>(view.waiting) / static_cast<std::int64_t>(view.begun);
}

std::chrono::microseconds longest_wait(const LineView& view) {
    const bool quick = view.interval / static_cast<std::int64_t>(view.begun) < quick_pace;
    return quick && view.waiting <= view.most_unseen ? longest_quick_wait : longest_refill_wait;
}

bool kept_ones_count(const LineView& view) {
    return view.kept_joined > 0 && view.kept_joined >= view.begun / kept_count_from;
}

}  // namespace

LineMode decide_line_mode(LineMode present, const LineView& view) {
    // Workers that begin nothing have long requests: taking connections costs nothing now, and somebody has
    // to see those that come.
    if (view.begun == 0) return LineMode::line;
    if (present == LineMode::refill) {
        if (view.new_waiting > 0 && kept_ones_count(view)) return LineMode::line;
        return expected_wait(view) > longest_wait(view) ? LineMode::line : LineMode::refill;
    }
    if (kept_ones_count(view)) return LineMode::line;
    return expected_wait(view) < longest_wait(view) * back_tenths / 10 ? LineMode::refill : LineMode::line;
}

}  // namespace phalanx::master

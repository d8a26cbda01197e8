#include "line_mode.hpp"

namespace phalanx::master {
namespace {

/// How long the last in the queue will wait at the present pace. There is one: somebody has begun.
std::chrono::microseconds expected_wait(const LineView& view) {
    return view.interval * static_cast<std::int64_t>(view.waiting) / static_cast<std::int64_t>(view.begun);
}

/// What is allowed in this mode where `most` is allowed to whom the workers serve.
template <typename Amount>
Amount allowed(LineMode present, Amount most) {
    return present == LineMode::refill ? most : most - most / way_back;
}

std::chrono::microseconds longest_wait(LineMode present, const LineView& view) {
    const bool quick = view.interval / static_cast<std::int64_t>(view.begun) < quick_pace;
    const bool unseen = view.waiting <= allowed(present, view.most_unseen);
    return allowed(present, quick && unseen ? longest_quick_wait : longest_refill_wait);
}

bool fills_the_kernels_queue(LineMode present, const LineView& view) {
    return view.kernel_room > 0 && view.waiting > allowed(present, view.kernel_room / kernel_reserve);
}

bool kept_ones_count(const LineView& view) {
    return view.kept_joined > 0 && view.kept_joined >= view.begun / kept_count_from;
}

}  // namespace

LineMode decide_line_mode(LineMode present, const LineView& view) {
    // Workers that begin nothing have long requests: taking connections costs nothing now, and somebody has
    // to see those that come.
    if (view.begun == 0) return LineMode::line;
    if (fills_the_kernels_queue(present, view)) return LineMode::line;
    if (kept_ones_count(view) && (present == LineMode::line || view.new_waiting > 0)) return LineMode::line;
    return expected_wait(view) > longest_wait(present, view) ? LineMode::line : LineMode::refill;
}

}  // namespace phalanx::master

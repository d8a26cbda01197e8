#include "slow_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "phalanx/link/pool_pages.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

/// Traces a template is asked for at the same time: its channel holds so many orders.
constexpr std::size_t most_ordered = 32;

}  // namespace

void SlowLog::trace(const WorkerHandle& worker, TemplateHandle& from) {
    constexpr std::int64_t deepest = std::numeric_limits<std::uint16_t>::max();
    const auto depth = static_cast<std::uint16_t>(
        std::clamp<std::int64_t>(settings_.request_slowlog_trace_depth, 1, deepest));
    template_ = &from;
    Pending wanted{{worker.slot.number(), depth, worker.pid},
                   {base::wall_seconds(), settings_.name, worker.pid}};
    // A template that does not answer is not owed more than there can be workers.
    if (pending_.size() >= link::max_workers_per_pool) return write_failed(std::move(wanted));
    pending_.push_back(std::move(wanted));
    send_orders();
}

void SlowLog::send_orders() {
    while (ordered_ < pending_.size() && ordered_ < most_ordered &&
           template_->trace(pending_[ordered_].order))
        ++ordered_;
    // With nothing on its way nothing will come: the template is not there.
    if (ordered_ == 0) template_ended();
}

bool SlowLog::take(const link::Trace& part, bool more) {
    if (ordered_ == 0) return false;
    log::SlowLogEntry& entry = pending_.front().entry;
    if (!part.script.empty()) entry.set_script(part.script);
    for (const link::Trace::Frame& frame : part.frames)
        entry.add_frame(frame.address, frame.function, frame.file, frame.line);
    if (part.failed) entry.add_failure();
    if (more) return true;
    write(pending_.front());
    pending_.pop_front();
    --ordered_;
    send_orders();
    return true;
}

void SlowLog::template_ended() {
    ordered_ = 0;
    for (Pending& lost : std::exchange(pending_, {})) write_failed(std::move(lost));
}

void SlowLog::write_failed(Pending lost) {
    lost.entry.add_failure();
    write(lost);
}

void SlowLog::write(const Pending& done) {
    // php-fpm's lines, though nobody is stopped here.
    around_.log.notice(fmt::format("child {} stopped for tracing", done.order.pid));
    around_.log.notice(fmt::format("about to trace {}", done.order.pid));
    auto written = os::append_at_once(settings_.slowlog, done.entry.text());
    if (!written) {
        around_.log.error(base::system_error(fmt::format("unable to open slowlog ({})", settings_.slowlog),
                                             written.error().code)
                              .text());
    }
    around_.log.notice(fmt::format("finished trace of {}", done.order.pid));
}

}  // namespace phalanx::master

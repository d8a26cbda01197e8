#include "slow_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

/// Traces a template may owe: one that does not answer is not asked for more.
constexpr std::size_t most_pending = 64;

}  // namespace

void SlowLog::trace(const WorkerHandle& worker, TemplateHandle& from) {
    constexpr std::int64_t deepest = std::numeric_limits<std::uint16_t>::max();
    const auto depth = static_cast<std::uint16_t>(
        std::clamp<std::int64_t>(settings_.request_slowlog_trace_depth, 1, deepest));
    Pending wanted{worker.pid, {base::wall_seconds(), settings_.name, worker.pid}};
    if (pending_.size() < most_pending && from.trace({worker.slot.number(), depth, worker.pid})) {
        pending_.push_back(std::move(wanted));
        return;
    }
    wanted.entry.add_failure();
    pending_.push_front(std::move(wanted));
    finish_oldest();
}

void SlowLog::take(const link::Trace& part, bool more) {
    if (pending_.empty()) return;
    log::SlowLogEntry& entry = pending_.front().entry;
    if (!part.script.empty()) entry.set_script(part.script);
    for (const link::Trace::Frame& frame : part.frames)
        entry.add_frame(frame.address, frame.function, frame.file, frame.line);
    if (part.failed) entry.add_failure();
    if (!more) finish_oldest();
}

void SlowLog::template_ended() {
    while (!pending_.empty()) {
        pending_.front().entry.add_failure();
        finish_oldest();
    }
}

void SlowLog::finish_oldest() {
    const Pending done = std::move(pending_.front());
    pending_.pop_front();
    // php-fpm's lines, though nobody is stopped here.
    around_.log.notice(fmt::format("child {} stopped for tracing", done.pid));
    around_.log.notice(fmt::format("about to trace {}", done.pid));
    auto written = os::append_at_once(settings_.slowlog, done.entry.text());
    if (!written) {
        around_.log.error(base::system_error(fmt::format("unable to open slowlog ({})", settings_.slowlog),
                                             written.error().code)
                              .text());
    }
    around_.log.notice(fmt::format("finished trace of {}", done.pid));
}

}  // namespace phalanx::master

#include "line_sink.hpp"

#include <fmt/format.h>
#include <spdlog/details/log_msg.h>

#include "phalanx/log/error_log.hpp"

namespace phalanx::log {

LineSink::LineSink(std::unique_ptr<Output> output, const LineRules& rules)
    : base_sink(std::make_unique<LineFormatter>(rules)),
      output_(std::move(output)),
      queue_(ErrorLog::max_backlog) {}

void LineSink::set_output(std::unique_ptr<Output> output) {
    drain();
    output_ = std::move(output);
    queue_.begin_again();
}

void LineSink::add(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    queue_.add({line.data(), line.size()}, *output_);
}

bool LineSink::drain() {
    queue_.flush(*output_);
    if (const std::uint64_t lost = queue_.take_lost(); lost > 0) {
        const std::string text =
            fmt::format("{} lines of this log were lost: nobody took them in time", lost);
        const spdlog::source_loc place{__FILE__, __LINE__, static_cast<const char*>(__func__)};
        add({place, "phalanx", to_spdlog(Level::warning), text});
    }
    return queue_.is_empty();
}

void LineSink::sink_it_(const spdlog::details::log_msg& message) {
    drain();
    add(message);
}

}  // namespace phalanx::log

#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <memory>

#include "line_formatter.hpp"
#include "line_queue.hpp"
#include "output.hpp"

namespace phalanx::log {

/// spdlog's way to one of our outputs: formatted lines go there through a bounded queue.
class LineSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  public:
    LineSink(std::unique_ptr<Output> output, const LineRules& rules);

    void set_rules(const LineRules& rules) { set_formatter_(std::make_unique<LineFormatter>(rules)); }
    /// Lines kept for the output before stay and go to the new one; half a line is begun again.
    void set_output(std::unique_ptr<Output> output);
    [[nodiscard]] const Output& output() const { return *output_; }
    /// Tries to write what is kept. True: nothing is left.
    bool drain();

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override { drain(); }

  private:
    void add(const spdlog::details::log_msg& message);

    std::unique_ptr<Output> output_;
    LineQueue queue_;
};

}  // namespace phalanx::log

#include "worker_output.hpp"

namespace phalanx::master {

base::Result<WorkerOutputEnds> WorkerOutputEnds::create() {
    auto out = os::make_pipe();
    if (!out) return out.error();
    auto err = os::make_pipe();
    if (!err) return err.error();
    return WorkerOutputEnds{*std::move(out), *std::move(err)};
}

WorkerOutput::WorkerOutput(PoolSurroundings& around, TimeShare& share, const config::PoolSettings& settings,
                           const WorkerHandle& worker, WorkerOutputEnds ends)
    : around_(around),
      settings_(settings),
      worker_(worker),
      out_(around.loop, share, std::move(ends.out.read_end),
           [this](std::string_view bytes) { take(Stream::out, bytes); }),
      err_(around.loop, share, std::move(ends.err.read_end),
           [this](std::string_view bytes) { take(Stream::err, bytes); }) {}

void WorkerOutput::finish() {
    // Its end is told of next.
    around_.worker_lines.release();
    const auto since = [this](Stream stream) {
        using Closed = log::OutputDecorator::Closed;
        return decorator_ && decorator_->is_within_line(stream) ? Closed::later : Closed::at_once;
    };
    const auto out = since(Stream::out);
    const auto err = since(Stream::err);
    out_.finish();
    err_.finish();
    if (!decorator_) return;
    decorator_->close(Stream::out, out, [this](std::string_view line) { write_line(line); });
    decorator_->close(Stream::err, err, [this](std::string_view line) { write_line(line); });
}

void WorkerOutput::take(Stream stream, std::string_view bytes) {
    decorator().feed(stream, bytes, [this](std::string_view line) { write_line(line); });
}

log::OutputDecorator& WorkerOutput::decorator() {
    if (!decorator_) {
        decorator_.emplace(log::OutputSettings{
            settings_.name, worker_.pid,
            settings_.decorate_workers_output ? log::Decoration::decorated : log::Decoration::raw,
            around_.output_limit, around_.log.prefix_size(log::Level::warning)});
    }
    return *decorator_;
}

void WorkerOutput::write_line(std::string_view line) {
    using Form = WorkerLines::Form;
    around_.worker_lines.write(settings_.decorate_workers_output ? Form::warning : Form::raw, line);
}

}  // namespace phalanx::master

#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "output_pipe.hpp"
#include "phalanx/base/result.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/log/worker_output.hpp"
#include "phalanx/os/descriptor.hpp"
#include "pool_surroundings.hpp"
#include "worker_handle.hpp"

namespace phalanx::master {

/// The pipes that become a worker's standard output and error (php-fpm: catch_workers_output).
struct WorkerOutputEnds {
    os::Pipe out;
    os::Pipe err;
    [[nodiscard]] static base::Result<WorkerOutputEnds> create();
};

/// Brings what one worker writes to its standard output and error into the error log.
class WorkerOutput {
  public:
    /// Takes over the read ends; the write ends are closed here.
    WorkerOutput(PoolSurroundings& around, TimeShare& share, const config::PoolSettings& settings,
                 const WorkerHandle& worker, WorkerOutputEnds ends);
    /// The worker has ended: takes what is left in its pipes.
    void finish();

  private:
    using Stream = log::OutputDecorator::Stream;
    void take(Stream stream, std::string_view bytes);
    [[nodiscard]] log::OutputDecorator& decorator();
    void write_line(std::string_view line);

    PoolSurroundings& around_;
    const config::PoolSettings& settings_;
    const WorkerHandle& worker_;
    std::optional<log::OutputDecorator>
        decorator_;  ///< made when there is something to say: the pid is known then
    OutputPipe out_;
    OutputPipe err_;
};

}  // namespace phalanx::master

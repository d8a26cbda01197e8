#pragma once

#include <string>

namespace phalanx::worker {

/// The life of a template process, from the master's first message to its last worker: starts PHP as the
/// pool's user and forks workers on request. Returns the exit code: 0 when the master lets go of it, 70 when
/// PHP or the pool's settings could not be started. `program` is argv[0], a copy: the process title takes its
/// place.
[[nodiscard]] int run_template(std::string program);

}  // namespace phalanx::worker

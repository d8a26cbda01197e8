#pragma once

namespace phalanx::php {

/// From now on pcntl_exec() fails in this process with a warning: the program would sit in a worker's place,
/// with its client. Processes that scripts fork may execute what they like.
void refuse_exec();

}  // namespace phalanx::php

#pragma once

namespace phalanx::php {

/// Notes from now on whether a script calls posix_setrlimit(), whose limits outlive its request.
void watch_limits();

}  // namespace phalanx::php

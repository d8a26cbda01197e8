#pragma once

namespace phalanx::os {

/// Takes SO_LINGER off a connection that others go on to use, so that close(2) of this descriptor does not
/// wait should it be the last one by then. An accepted connection may have it from the listener.
void stop_lingering(int connection);

}  // namespace phalanx::os

#pragma once

#include <cstdint>
#include <vector>

#include "phalanx/link/pool_pages.hpp"

namespace phalanx::worker {

class ClientStream;

/// What a worker's signal handlers tell its client when the worker dies in the middle of a request of which
/// nothing has been answered: 504 when the master ends it for its time (request_terminate_timeout), 503 when
/// the master stops, 502 after a crash and any other signal that ends it. Only what a signal handler may do:
/// prepared bytes, one send, one shutdown, then the signal takes its course.
///
/// One for the process, like the signals.
class LastWords {
  public:
    /// Installs the handlers, with a stack of their own (a crash may be the stack's end). `pages` tells why
    /// the master sends a signal.
    static void install(const link::PoolPages& pages, base::WorkerSlot slot);
    /// The signals go back to their defaults: this process is no worker any more.
    static void uninstall();
    /// Those that have a handler.
    [[nodiscard]] static std::vector<int> signals();

    /// The request that `stream`'s client awaits an answer to, until request_ends().
    static void request_begins(const ClientStream& stream, std::uint16_t request_id) noexcept;
    static void request_ends() noexcept;
};

}  // namespace phalanx::worker

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "phalanx/base/ids.hpp"
#include "phalanx/base/result.hpp"
#include "phalanx/link/trace.hpp"
#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::worker {

/// How a template looks at the PHP stacks of its workers (request_slowlog_timeout) without a right that they
/// have not: right after its birth each worker opens its own memory read-only and hands it over. Whoever was
/// forked from the template has PHP's globals at the template's addresses. Made by the template before it
/// changes root and user; workers inherit a copy by fork and close it once they have spoken.
class TraceSource {
  public:
    TraceSource() = default;
    /// `slots`: workers of the pool.
    [[nodiscard]] static base::Result<TraceSource> create(std::size_t slots);

    /// The worker's side: hands over, and lets go of, everything. Never waits long: the template listens.
    void offer(base::WorkerSlot slot);

    /// The template's side: readable when workers have something to hand over.
    [[nodiscard]] int inbox() const { return ends_.here.get(); }
    void take_offers();
    /// Descriptors with this number or a higher one are let go: there has to be room for other things.
    void keep_below(int number) { kept_below_ = number; }
    /// The worker's stack now. Failed where the worker is unknown or gone.
    [[nodiscard]] link::Trace trace(const link::TraceOrder& order);

  private:
    struct Memory {
        pid_t pid = 0;
        os::UniqueFd fd;  ///< its /proc/PID/mem
    };
    os::UniqueFd proc_;  ///< /proc, which a jail does not have
    os::MessagePair ends_;
    int kept_below_ = std::numeric_limits<int>::max();
    std::vector<Memory> memories_;  ///< by slot; a successor's takes the place of its predecessor's
};

}  // namespace phalanx::worker

#pragma once

#include "phalanx/fastcgi/params.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::worker {

/// Tells the master which clients a worker has given up. The master says it in the error log, and keeps that
/// from being flooded (its side: master::ClientLog). Waits for nothing: where the channel is full, or is not
/// this process's any more (see ScriptChild), nobody hears of it.
class SlowClientReport {
  public:
    /// `params` are those of the request under way, or empty; both outlive this.
    SlowClientReport(const os::UniqueFd& channel, const fastcgi::Params& params)
        : channel_(channel), params_(params) {}

    /// `connection` is still open.
    void tell(link::SlowClient how, int connection) const;

  private:
    const os::UniqueFd& channel_;
    const fastcgi::Params& params_;
};

}  // namespace phalanx::worker

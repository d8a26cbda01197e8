#pragma once

#include "phalanx/base/result.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::master {

/// Opens the file that a pool's workers write their access log to; empty where the pool has none. A path that
/// names standard error (/dev/stderr) means what that was before the error log took it.
[[nodiscard]] base::Result<os::UniqueFd> open_access_log(log::ErrorLog& log,
                                                         const config::PoolSettings& settings);

}  // namespace phalanx::master

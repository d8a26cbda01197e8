#pragma once

#include <optional>
#include <string>

#include "harness/load.hpp"
#include "harness/process.hpp"

namespace phalanx::bench {

/// What the server's processes used during a run, measured from outside.
struct ServerUse {
    double cpu_microseconds_per_request =
        0;                            ///< user and system, with the kernel's 10 ms resolution over the run
    double switches_per_request = 0;  ///< times a process gave up the processor to wait
    std::size_t processes = 0;
};

[[nodiscard]] ServerUse server_use(const harness::TreeUse& before, const harness::TreeUse& after,
                                   const harness::LoadReport& report);

[[nodiscard]] std::string as_text(const harness::LoadReport& report, const std::optional<ServerUse>& use);
[[nodiscard]] std::string as_json(const harness::LoadReport& report, const std::optional<ServerUse>& use);

}  // namespace phalanx::bench

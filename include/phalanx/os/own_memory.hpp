#pragma once

#include <cstdint>
#include <optional>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// How much memory this process has resident for itself (proc(5)).
class OwnMemory {
  public:
    OwnMemory() = default;
    /// `proc` is the folder /proc. It is this very process's memory: not that of a fork.
    [[nodiscard]] static base::Result<OwnMemory> open(int proc);

    /// Bytes that are resident and of no file, those shared with other processes since a fork included: costs
    /// next to nothing. Nothing where they cannot be had.
    [[nodiscard]] std::optional<std::uint64_t> at_most() const;
    /// Bytes that are resident and shared with nobody: the kernel walks over all pages for it.
    [[nodiscard]] std::optional<std::uint64_t> exactly() const;

  private:
    UniqueFd statm_;
    UniqueFd rollup_;
};

}  // namespace phalanx::os

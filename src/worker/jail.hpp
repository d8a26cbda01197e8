#pragma once

#include <string>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::worker {

/// The way into a chroot for a process that gives up root long before it goes there: PHP starts outside of
/// the jail, where its files are, and nothing privileged may be left by then. A helper made while still root
/// shares nothing but the notion of root and working directory (clone(2), CLONE_FS); when told, it moves both
/// of them in and ends.
class Jail {
  public:
    Jail() = default;
    /// Makes the helper. Call as root. `chdir` is a path inside the jail, empty: its root.
    [[nodiscard]] static base::Result<Jail> prepare(const std::string& chroot, const std::string& chdir);
    /// Moves this process in.
    [[nodiscard]] base::Result<void> enter();

  private:
    std::string path_;
    pid_t helper_ = 0;
    os::UniqueFd command_;
    os::UniqueFd report_;
};

}  // namespace phalanx::worker

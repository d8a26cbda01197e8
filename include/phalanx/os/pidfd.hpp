#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// pidfd_open(2): a hold on one process that stays right when its number is used again.
[[nodiscard]] base::Result<UniqueFd> open_pidfd(pid_t pid);

/// pidfd_send_signal(2). False: the process is gone (or is not ours to signal).
bool send_signal(const UniqueFd& pidfd, int signal);

/// True while the pidfd's process is a child of the caller that has not been reaped.
[[nodiscard]] bool is_own_child(const UniqueFd& pidfd);
/// The same where there is no descriptor for it: only as long as nobody waits for the child can its number
/// not become another's.
[[nodiscard]] bool is_own_child(pid_t pid);

/// Waits until the pidfd's process has ended and its children have a new parent.
void await_end(const UniqueFd& pidfd);

/// How a child ended.
struct ChildEnd {
    pid_t pid = 0;
    enum class How { exited, killed, dumped_core } how = How::exited;
    int status = 0;  ///< exit code or signal number
};

/// Reaps one child that has ended, if there is one. Never waits.
[[nodiscard]] std::optional<ChildEnd> reap_any_child();

/// The caller's children at this moment, zombies too; none where the kernel does not tell (/proc).
[[nodiscard]] std::vector<pid_t> present_children();

/// A child that a signal has stopped since the last call (SIGSTOP, a debugger), if there is one. Never waits.
[[nodiscard]] std::optional<pid_t> take_stopped_child();

/// Makes orphaned descendants children of the caller (PR_SET_CHILD_SUBREAPER).
void become_subreaper();

/// The signal the kernel sends to the caller when its parent dies (PR_SET_PDEATHSIG); lost whenever the
/// caller's credentials change.
void set_parent_death_signal(int signal);

}  // namespace phalanx::os

#include "become_pool_user.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "phalanx/os/identity.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/process.hpp"

namespace phalanx::worker {

base::Result<void> become_pool_user(const link::WorkerSettings& settings) {
    if (settings.rlimit_core != 0) {
        auto limited = os::limit_core(settings.rlimit_core);
        // php-fpm goes on here too: a limit that cannot be raised is no reason to serve nobody.
        if (!limited) fmt::print(stderr, "ERROR: {}\n", limited.error().text());
    }
    if (settings.priority != link::WorkerSettings::no_priority) {
        if (auto set = os::set_priority(static_cast<int>(settings.priority)); !set) return set;
    }
    if (settings.chroot.empty() && !settings.chdir.empty() && ::chdir(settings.chdir.c_str()) != 0) {
        return base::system_error(fmt::format("failed to chdir({})", settings.chdir));
    }
    if (settings.change_identity != 0) {
        if (auto changed = os::become(settings.identity); !changed) return changed;
    }
    if (settings.dumpable != 0) os::set_dumpable(true);
    live_and_die_with(static_cast<pid_t>(settings.master_pid));
    return {};
}

void live_and_die_with(pid_t master) {
    os::set_parent_death_signal(SIGKILL);
    if (::getppid() != master) ::_exit(0);
}

}  // namespace phalanx::worker

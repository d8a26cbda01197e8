#include "jail.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::worker {
namespace {

/// The helper's whole life: no library code that could notice that it is no real fork.
[[noreturn]] void serve_as_helper(int command, int report, const char* root, const char* directory) {
    char go = 0;
    if (::read(command, &go, 1) != 1) ::_exit(0);
    int error = 0;
    if (::chroot(root) != 0 || ::chdir(directory) != 0) error = errno;
    (void)!::write(report, &error, sizeof error);
    ::_exit(0);
}

}  // namespace

base::Result<Jail> Jail::prepare(const std::string& chroot, const std::string& chdir) {
    auto command = os::make_pipe();
    if (!command) return command.error();
    auto report = os::make_pipe();
    if (!report) return report.error();
    const std::string directory = chdir.empty() ? "/" : chdir;
    const long helper = ::syscall(SYS_clone, CLONE_FS | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (helper < 0) return base::system_error("clone() for the way into the chroot failed");
    if (helper == 0) {
        // Its own copy of the command's write end would keep it waiting for ever.
        ::close(command->write_end.get());
        serve_as_helper(command->read_end.get(), report->write_end.get(), chroot.c_str(), directory.c_str());
    }
    Jail jail;
    jail.path_ = chroot;
    jail.helper_ = static_cast<pid_t>(helper);
    jail.command_ = std::move(command->write_end);
    jail.report_ = std::move(report->read_end);
    return jail;
}

base::Result<void> Jail::enter() {
    if (helper_ == 0) return {};
    (void)os::write_all(command_.get(), "!");
    int error = EPIPE;
    while (::read(report_.get(), &error, sizeof error) < 0 && errno == EINTR) {
    }
    while (::waitpid(helper_, nullptr, 0) < 0 && errno == EINTR) {
    }
    helper_ = 0;
    if (error != 0) return base::system_error(fmt::format("failed to chroot({})", path_), error);
    return {};
}

}  // namespace phalanx::worker

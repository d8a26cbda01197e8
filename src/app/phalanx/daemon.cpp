#include "daemon.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include "phalanx/os/descriptor.hpp"
#include "start.hpp"

namespace phalanx::app {
namespace {

constexpr int report_limit_ms = 10'000;

[[noreturn]] void wait_for_report(int pipe) {
    pollfd watched{pipe, POLLIN, 0};
    char word = 0;
    const int ready = ::poll(&watched, 1, report_limit_ms);
    if (ready > 0 && ::read(pipe, &word, 1) == 1) ::_exit(0);
    if (ready <= 0) {
        fmt::print(
            stderr,
            "ERROR: the master process didn't send back its status (via the pipe to the calling process)\n");
    }
    ::_exit(exit_software);
}

}  // namespace

void StartReport::succeed() {
    if (!pipe_) return;
    (void)os::write_all(pipe_.get(), "1");
    pipe_.reset();
}

StartReport go_to_background() {
    auto report = os::make_pipe();
    const pid_t pid = report ? ::fork() : -1;
    if (pid < 0) {
        fmt::print(stderr, "ERROR: {}\n", base::system_error("failed to daemonize").text());
        ::_exit(exit_software);
    }
    if (pid > 0) {
        report->write_end.reset();
        wait_for_report(report->read_end.get());
    }
    (void)::setsid();
    const os::UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    (void)os::place_at(nothing.get(), STDIN_FILENO);
    (void)os::place_at(nothing.get(), STDOUT_FILENO);
    return StartReport(std::move(report->write_end));
}

}  // namespace phalanx::app

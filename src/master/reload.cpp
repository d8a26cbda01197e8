#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "phalanx/os/pid_file.hpp"
#include "phalanx/os/service_manager.hpp"
#include "running.hpp"

// A reload (USR2, HUP, emergency restart), in this order, so that nothing is lost when something is wrong:
//
//   the configuration is read and checked in a copy of the master   bad: an error, nothing else happens
//   new addresses are bound, log files opened                       not to be had: the same
//   the global settings take effect
//   each pool's next generation starts; it takes the former one's place as soon as it has a worker
//
// php-fpm executes itself anew instead; the log has its lines in its order. Where the program was replaced,
// this one does, too: upgrade.cpp.

namespace phalanx::master {
namespace {

/// Arguments that php-fpm's line shows.
constexpr std::size_t most_shown_arguments = 10;

}  // namespace

void Master::Running::reload() {
    if (is_ending()) {
        return log_.debug(fmt::format("not switching to 'reloading' state, because already in '{}' state",
                                      state_ == State::finishing ? "finishing" : "terminating"));
    }
    // What is being read now may be older than this wish.
    if (reader_.is_reading() || trial_.is_running() || tried_) {
        reload_again_ = true;
        return;
    }
    if (os::has_service_manager()) {
        (void)os::notify_service_manager(
            fmt::format("RELOADING=1\nMONOTONIC_USEC={}", base::monotonic_usec()));
    }
    if (program_.was_replaced()) return prepare_for_new_program();
    read_configuration();
}

void Master::Running::read_configuration() {
    reader_.start([this](NewConfiguration next) { change_to(std::move(next)); });
}

void Master::Running::change_to(NewConfiguration next) {
    const bool again = std::exchange(reload_again_, false);
    if (again && next.plan) return reload();
    if (next.plan) say_execution();
    for (const config::Diagnostic& diagnostic : next.diagnostics)
        log_.log(static_cast<log::Level>(diagnostic.level), diagnostic.text);
    if (again) return reload();
    if (!next.plan) return keep_configuration();
    // Crashes may come from memory that all of a pool share: a restart renews it.
    const auto unchanged =
        std::exchange(renew_all_, false) ? Pools::Unchanged::are_renewed : Pools::Unchanged::stay;
    if (auto changed = pools_.change_to(std::move(next.plan->pools), grace(), unchanged); !changed) {
        log_.error(changed.error().text());
        return keep_configuration();
    }
    if (former_) former_->retire_all_but([this](const Forerunner& pool) { return pools_.is_followed(pool); });
    socket_store_.keep(pools_.sockets());
    apply(next.plan->global);
    say_inherited();
    log_.notice(fmt::format("fpm is running, pid {}", ::getpid()));
    state_ = State::starting;
    around_.worker_lines.hold();
    start_timer_.start(start_limit, [this] { announce_ready(); });
    pools_.launch();
    // Where all pools stay nobody else will say so.
    look_whether_started();
}

void Master::Running::keep_configuration() {
    log_.error("the configuration was not changed: the one before goes on serving");
    if (os::has_service_manager())
        (void)os::notify_service_manager("READY=1\nSTATUS=Reload failed, the configuration before serves on");
}

void Master::Running::apply(const config::GlobalSettings& next) {
    const std::string former_pid_file = global_.pid;
    global_ = next;
    if (auto applied = options_.apply(global_); !applied) log_.error(applied.error().text());
    quota_.set_most(static_cast<std::size_t>(global_.process_max));
    around_.output_limit = static_cast<std::size_t>(global_.log_limit);
    crashes_.clear();
    monitor_timer_.cancel();
    raise_priority();
    if (global_.pid == former_pid_file) {
        // Somebody may have removed it.
        if (pid_file_written_ && !os::is_own_pid_file(global_.pid)) (void)write_pid_file();
        return;
    }
    const bool had_one = std::exchange(pid_file_written_, false);
    if (write_pid_file()) {
        if (had_one) remove_former_pid_file(former_pid_file);
    } else {
        // Whoever looks for the master still finds it.
        global_.pid = former_pid_file;
        pid_file_written_ = had_one;
    }
}

void Master::Running::say_execution() {
    const auto& line = options_.command_line;
    std::string arguments;
    for (std::size_t i = 0; i < line.size() && i < most_shown_arguments; ++i)
        arguments += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", line[i]);
    log_.notice(fmt::format("reloading: execvp(\"{}\", {{{}}})", line.empty() ? "" : line[0], arguments));
}

void Master::Running::say_inherited() {
    for (const Pools::Inherited& socket : pools_.inherited())
        log_.notice(fmt::format("using inherited socket fd={}, \"{}\"", socket.fd, socket.name));
}

void Master::Running::count_crash() {
    if (successor_) return;
    const auto threshold = global_.emergency_restart_threshold;
    const auto interval = global_.emergency_restart_interval;
    if (threshold <= 0 || interval.count() <= 0 || is_ending()) return;
    const auto now = base::Monotonic::now();
    crashes_.push_back(now);
    if (crashes_.size() < static_cast<std::size_t>(threshold)) return;
    const bool within = now - crashes_.front() <= interval;
    crashes_.pop_front();
    if (!within) return;
    crashes_.clear();
    log_.warning(fmt::format("failed processes threshold ({} in {} sec) is reached, initiating reload",
                             threshold, interval.count()));
    renew_all_ = true;
    reload();
}

}  // namespace phalanx::master

#include "running.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "phalanx/os/pid_file.hpp"
#include "phalanx/os/process.hpp"
#include "phalanx/os/service_manager.hpp"
#include "staff.hpp"

namespace phalanx::master {
namespace {

using base::Result;

/// php-fpm's maintenance of all pools.
constexpr std::chrono::milliseconds maintenance_interval{1000};
/// What QUIT gives running requests where process_control_timeout says nothing.
constexpr std::chrono::seconds default_grace{30};
/// Children waited for before others get their turn: scripts can make orphans as fast as they are reaped.
constexpr int most_reaped = 64;
/// From SIGTERM to SIGKILL.
constexpr std::chrono::milliseconds terminate_grace{200};
/// How many of these a former master has for its own processes.
constexpr int most_rounds_of_former = 2;
/// The master is woken for others' sake: it should not wait behind the workers it wakes (root only).
constexpr int master_nice_value = -10;

}  // namespace

Master::Running::Running(std::unique_ptr<EventLoop> loop, os::SignalQueue signals,
                         const config::GlobalSettings& global, const Options& options, log::ErrorLog& log)
    : loop_(std::move(loop)),
      global_(global),
      options_(options),
      log_(log),
      quota_(static_cast<std::size_t>(global.process_max), log),
      facts_(facts_of_this_process()),
      around_{*loop_,
              log,
              unclaimed_,
              listen_queues_,
              quota_,
              // The other half is for workers' channels, logs and whatever else.
              {static_cast<std::size_t>(os::most_descriptors() / 2)},
              options.worker_program,
              os::environment_list(),
              os::raise_descriptor_limit(),
              static_cast<std::size_t>(global.log_limit),
              [this] { look_whether_started(); },
              [this] { count_crash(); }},
      pools_(around_),
      program_(options.command_line.empty() ? std::string() : options.command_line[0]),
      reader_(*loop_, options, facts_),
      trial_(*loop_, log),
      signals_(std::move(signals)),
      maintenance_timer_(*loop_),
      reap_timer_(*loop_),
      start_timer_(*loop_),
      stop_timer_(*loop_),
      monitor_timer_(*loop_),
      upgrade_timer_(*loop_) {
    os::become_subreaper();
}

Result<void> Master::Running::bind(Plan plan, os::PassedSockets passed,
                                   std::optional<os::PassedDescriptor> former) {
    if (former) {
        former_ = std::make_unique<FormerMaster>(*loop_, around_, *std::move(former),
                                                 [this] { former_master_ended(); });
        // They are the former master's.
        strange_children_.clear();
    }
    socket_store_.know(passed);
    pools_.take_passed(std::move(passed));
    if (auto bound = pools_.change_to(std::move(plan.pools), grace()); !bound) return bound;
    say_inherited();
    socket_store_.keep(pools_.sockets());
    if (!former_) return {};
    return former_->start([this](const Forerunner& pool) { return pools_.is_followed(pool); });
}

std::chrono::milliseconds Master::Running::grace() const {
    const auto timeout = global_.process_control_timeout;
    return timeout.count() > 0 ? timeout : default_grace;
}

int Master::Running::run(const std::function<void()>& announce) {
    announce_ = announce;
    // After an upgrade the service is there already, and the number in the file the same.
    if (!write_pid_file() && !former_) {
        clean_up();
        return 78;
    }
    if (former_ && !former_->pid_file().empty()) {
        if (pid_file_written_ || global_.pid.empty()) {
            remove_former_pid_file(former_->pid_file());
        } else {
            // Whoever looks for the master still finds it.
            global_.pid = former_->pid_file();
            pid_file_written_ = true;
        }
    }
    raise_priority();
    if (auto watching = loop_->watch(signals_.fd(), EPOLLIN, *this)) {
        signals_watch_ = *std::move(watching);
    } else {
        log_.error(watching.error().text());
        clean_up();
        return 70;
    }
    log_.notice(fmt::format("fpm is running, pid {}", ::getpid()));
    around_.worker_lines.hold();
    pools_.launch();
    arm_stall_alarm();
    // Those that ended under the former program may have been told of then.
    if (former_) reap();
    maintenance_timer_.start(maintenance_interval, [this] { maintain(); });
    start_timer_.start(start_limit, [this] { announce_ready(); });
    loop_->run();
    if (successor_) return 0;
    clean_up();
    log_.notice("exiting, bye-bye!");
    return 0;
}

/// Unless its path is only another name of the present one's.
void Master::Running::remove_former_pid_file(const std::string& former) const {
    if (!os::are_same_file(former, global_.pid)) (void)os::remove_pid_file(former);
}

bool Master::Running::write_pid_file() {
    if (global_.pid.empty()) return true;
    // The same number is in it, of which nobody is to miss a digit meanwhile.
    const bool is_there = former_ && former_->pid_file() == global_.pid && os::is_own_pid_file(global_.pid);
    const Result<void> written = is_there ? Result<void>() : os::write_pid_file(global_.pid);
    pid_file_written_ = written.has_value();
    if (!written) log_.error(written.error().text());
    return pid_file_written_;
}

void Master::Running::clean_up() {
    pools_.remove_sockets();
    socket_store_.keep({});
    if (!std::exchange(pid_file_written_, false)) return;
    if (auto removed = os::remove_pid_file(global_.pid); !removed) log_.error(removed.error().text());
}

/// Somebody may take O_NONBLOCK away from a socket that is shared with workers, between the master's look at
/// it and its use.
void Master::Running::arm_stall_alarm() {
    auto alarm = os::StallAlarm::create();
    if (!alarm) return log_.warning(alarm.error().text());
    stall_alarm_.emplace(*std::move(alarm));
    stall_alarm_->put_off();
}

void Master::Running::raise_priority() {
    if (!facts_.is_root) return;
    const int wanted = std::min(global_.process_priority.value_or(facts_.nice_value), master_nice_value);
    // A container may forbid it: then the master shares as others do.
    (void)::setpriority(PRIO_PROCESS, 0, wanted);
}

void Master::Running::on_ready(std::uint32_t /*events*/) {
    os::SignalQueue::Room room;
    for (const int signal : signals_.take(room)) handle_signal(signal);
}

void Master::Running::handle_signal(int signal) {
    if (successor_) return handle_signal_as_former(signal);
    log_.debug(fmt::format("received SIG{}", ::sigabbrev_np(signal)));
    switch (signal) {
        case SIGCHLD:
            return reap();
        case SIGQUIT:
            log_.notice("Finishing ...");
            return finish();
        case SIGTERM:
        case SIGINT:
            log_.notice("Terminating ...");
            return terminate();
        case SIGUSR1:
            return reopen_logs();
        case SIGUSR2:
        case SIGHUP:
            log_.notice("Reloading in progress ...");
            return reload();
        default:
            return;
    }
}

void Master::Running::reap() {
    int left = most_reaped;
    while (left-- > 0) {
        const auto stopped = os::take_stopped_child();
        if (!stopped) break;
        if (pools_.have_worker(*stopped)) log_.notice(fmt::format("child {} stopped for tracing", *stopped));
    }
    while (left-- > 0) {
        const auto end = os::reap_any_child();
        if (!end) break;
        child_ended(*end);
    }
    if (left < 0) reap_timer_.start(std::chrono::milliseconds(0), [this] { reap(); });
    // At once, so that nobody connects to an address that is no longer served.
    pools_.bury_those_that_are_over();
    look_whether_over();
}

void Master::Running::child_ended(const os::ChildEnd& end) {
    if (std::erase(strange_children_, end.pid) > 0) return say_unknown(end);
    const bool is_known = pools_.child_ended(end) || reader_.child_ended(end) || trial_.child_ended(end) ||
                          (former_ && former_->child_ended(end));
    if (is_known) return;
    unclaimed_.add(end);
    pools_.stranger_ended(end);
}

void Master::Running::say_unknown(const os::ChildEnd& end) {
    const bool is_init = ::getpid() == 1;
    log_.log(is_init ? log::Level::debug : log::Level::warning,
             fmt::format("unknown child ({}) exited {} - {}", end.pid, describe_end(end),
                         is_init ? "most likely an orphan process (master process is the init process)"
                                 : "potentially a bug or pre exec child (e.g. s6-notifyoncheck)"));
}

void Master::Running::maintain() {
    if (stall_alarm_) stall_alarm_->put_off();
    if (is_ending()) return;
    pools_.tick();
    if (successor_) {
        successor_->look();
        look_whether_over();
    }
    maintenance_timer_.start(maintenance_interval, [this] { maintain(); });
}

void Master::Running::look_whether_started() {
    pools_.launch_more();
    if (state_ == State::starting && pools_.have_started()) announce_ready();
}

void Master::Running::announce_ready() {
    if (state_ != State::starting) return;
    state_ = State::serving;
    start_timer_.cancel();
    log_.notice("ready to handle connections");
    const auto interval = monitor_interval();
    if (os::has_service_manager()) {
        const bool told = os::notify_service_manager(
            fmt::format("READY=1\nSTATUS=Ready to handle connections\nMAINPID={}", ::getpid()));
        if (!told) log_.warning("failed to notify start to systemd");
    }
    if (interval.count() > 0) {
        log_.notice(fmt::format("systemd monitor interval set to {}ms", interval.count()));
        if (os::has_service_manager()) monitor_timer_.start(interval, [this] { tell_service_manager(); });
    } else {
        log_.notice("systemd monitor disabled");
    }
    around_.worker_lines.release();
    if (announce_) std::exchange(announce_, nullptr)();
    if (std::exchange(upgrade_later_, false)) reload();
}

std::chrono::milliseconds Master::Running::monitor_interval() const {
    const auto watchdog = global_.watchdog_interval;
    return watchdog.count() > 0 ? watchdog : global_.systemd_interval;
}

void Master::Running::tell_service_manager() {
    const Pool::Totals sum = pools_.totals();
    socket_store_.keep(pools_.sockets());
    const auto interval = monitor_interval();
    const double rate = static_cast<double>(sum.requests - std::min(requests_reported_, sum.requests)) *
                        1000.0 / static_cast<double>(interval.count());
    requests_reported_ = sum.requests;
    const bool told = os::notify_service_manager(fmt::format(
        "{}{}STATUS=Processes active: {}, idle: {}, Requests: {}, slow: {}, Traffic: {:.2f}req/sec",
        is_ending() ? "" : "READY=1\n", global_.watchdog_interval.count() > 0 ? "WATCHDOG=1\n" : "",
        sum.active, sum.idle, sum.requests, sum.slow, rate));
    if (!told) log_.notice("failed to notify status to systemd");
    monitor_timer_.start(interval, [this] { tell_service_manager(); });
}

bool Master::Running::enter(State state) {
    const auto name = [](State one) { return one == State::finishing ? "finishing" : "terminating"; };
    if (state <= state_) {
        log_.debug(fmt::format("not switching to '{}' state, because already in '{}' state", name(state),
                               name(state_)));
        return false;
    }
    log_.debug(fmt::format("switching to '{}' state", name(state)));
    state_ = state;
    if (successor_) return true;
    (void)os::notify_service_manager(fmt::format(
        "STOPPING=1\nSTATUS={}", state == State::finishing ? "Finishing running requests" : "Terminating"));
    return true;
}

void Master::Running::finish() {
    if (!enter(State::finishing)) return;
    reader_.cancel();
    trial_.cancel();
    drop_upgrade();
    if (former_) former_->signal(SIGQUIT);
    pools_.finish();
    stop_timer_.start(grace(), [this] { terminate(); });
    look_whether_over();
}

void Master::Running::terminate() {
    if (!enter(State::terminating)) return;
    reader_.cancel();
    trial_.cancel();
    drop_upgrade();
    if (former_) former_->signal(SIGTERM);
    pools_.stop_with(SIGTERM);
    stop_timer_.start(terminate_grace, [this] { kill_what_stays(); });
    look_whether_over();
}

void Master::Running::kill_what_stays() {
    pools_.stop_with(SIGKILL);
    // It kills its own within the same time; they end with this process, whatever becomes of it.
    if (former_ && ++rounds_of_killing_ > most_rounds_of_former) former_->signal(SIGKILL);
    stop_timer_.start(terminate_grace, [this] { kill_what_stays(); });
    look_whether_over();
}

void Master::Running::look_whether_over() {
    if (successor_) return look_whether_former_is_over();
    const bool some_left = pools_.have_processes() || (former_ && former_->lives());
    if (is_ending() && !some_left) loop_->stop();
}

void Master::Running::reopen_logs() {
    if (former_) former_->signal(SIGUSR1);
    if (const auto reopened = log_.reopen()) {
        log_.notice("error log file re-opened");
    } else {
        log_.error(reopened.error().text());
        log_.error("unable to re-opened error log file");
    }
    switch (pools_.reopen_access_logs()) {
        case Pools::Reopened::none:
            return;
        case Pools::Reopened::all:
            return log_.notice("access log file re-opened");
        case Pools::Reopened::failed:
            return log_.error("unable to re-opened access log file");
    }
}

}  // namespace phalanx::master

#include "running.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "phalanx/os/descriptor.hpp"
#include "phalanx/os/process.hpp"
#include "phalanx/os/service_manager.hpp"

namespace phalanx::master {
namespace {

using base::Error;
using base::Result;
using base::system_error;

/// php-fpm's maintenance of all pools.
constexpr std::chrono::milliseconds maintenance_interval{1000};
/// How long a start waits for slow pools before it says that it is ready.
constexpr std::chrono::seconds start_limit{10};
/// What QUIT gives running requests where process_control_timeout says nothing.
constexpr std::chrono::seconds default_grace{30};
/// From SIGTERM to SIGKILL.
constexpr std::chrono::milliseconds terminate_grace{200};
/// The master is woken for others' sake: it should not wait behind the workers it wakes (root only).
constexpr int master_nice_value = -10;

Result<void> write_pid_file(const std::string& path) {
    const os::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return system_error(fmt::format("Unable to create the PID file ({}).", path));
    return os::write_all(file.get(), std::to_string(::getpid()));
}

}  // namespace

Master::Running::Running(std::unique_ptr<EventLoop> loop, const config::Settings& settings,
                         const Options& options, log::ErrorLog& log)
    : loop_(std::move(loop)),
      settings_(settings),
      options_(options),
      log_(log),
      quota_(static_cast<std::size_t>(settings.global.process_max), log),
      facts_{::getpid(), ::geteuid() == 0, ::getpriority(PRIO_PROCESS, 0)},
      around_{*loop_,
              log,
              unclaimed_,
              listen_queues_,
              quota_,
              options.worker_program,
              os::environment_list(),
              os::raise_descriptor_limit(),
              static_cast<std::size_t>(settings.global.log_limit),
              [this] { look_whether_started(); }},
      signals_(loop_->asio(), SIGTERM, SIGINT, SIGQUIT),
      maintenance_timer_(*loop_),
      start_timer_(*loop_),
      stop_timer_(*loop_),
      monitor_timer_(*loop_) {
    for (const int signal : {SIGCHLD, SIGUSR1, SIGUSR2, SIGHUP}) signals_.add(signal);
    os::become_subreaper();
}

Result<void> Master::Running::bind() {
    for (const config::PoolSettings& pool : settings_.pools) {
        if (auto bound = bind_pool(pool); !bound) {
            clean_up();
            return bound;
        }
    }
    return {};
}

Result<void> Master::Running::bind_pool(const config::PoolSettings& settings) {
    auto worker = worker_settings(settings_, settings, options_, facts_);
    if (!worker) return worker.error();
    Pool::Parts parts{settings, *std::move(worker), {}, {}, {}};
    if (!settings.access_log.empty()) {
        auto file = os::open_for_append(settings.access_log);
        if (!file)
            return system_error(fmt::format("failed to open access log ({})", settings.access_log),
                                file.error().code);
        parts.access_log = *std::move(file);
    }
    auto socket = listen_at(settings.listen, settings);
    if (!socket) return socket.error();
    parts.socket = *std::move(socket);
    if (!settings.pm_status_listen.empty()) {
        auto status_socket = listen_at(settings.pm_status_listen, settings);
        if (!status_socket) {
            os::remove_socket_file(parts.socket);
            return status_socket.error();
        }
        parts.status_socket = *std::move(status_socket);
    }
    auto pool = Pool::create(around_, std::move(parts));
    if (!pool) return pool.error();
    pools_.push_back(*std::move(pool));
    return {};
}

void Master::Running::say_ignored_owner(const config::PoolSettings& settings) {
    auto pool = log_.pool(settings.name);
    if (!settings.listen_owner.empty())
        pool.warning(fmt::format("ACL set, listen.owner = '{}' is ignored", settings.listen_owner));
    if (!settings.listen_group.empty())
        pool.warning(fmt::format("ACL set, listen.group = '{}' is ignored", settings.listen_group));
}

Result<os::ListenSocket> Master::Running::listen_at(const std::string& where,
                                                    const config::PoolSettings& settings) {
    auto address = os::parse_listen_address(where);
    if (!address) return address.error();
    auto owner = socket_owner(settings);
    if (!owner) return owner.error();
    if (!owner->others.empty()) say_ignored_owner(settings);
    auto socket = os::listen_on(*address, where, settings.listen_backlog, *owner);
    if (!socket)
        return Error{fmt::format("[pool {}] {}", settings.name, socket.error().message), socket.error().code};
    for (const std::string& notice : socket->notices) log_.pool(settings.name).notice(notice);
    return socket;
}

int Master::Running::run(const std::function<void()>& announce) {
    announce_ = announce;
    if (!settings_.global.pid.empty()) {
        if (auto written = write_pid_file(settings_.global.pid); !written) {
            log_.error(written.error().text());
            clean_up();
            return 78;
        }
        pid_file_written_ = true;
    }
    raise_priority();
    await_signals();
    log_.notice(fmt::format("fpm is running, pid {}", ::getpid()));
    for (const auto& pool : pools_) {
        if (auto started = pool->start(); !started) log_.error(started.error().text());
    }
    maintenance_timer_.start(maintenance_interval, [this] { maintain(); });
    start_timer_.start(start_limit, [this] { announce_ready(); });
    loop_->run();
    clean_up();
    log_.notice("exiting, bye-bye!");
    return 0;
}

void Master::Running::clean_up() {
    for (const auto& pool : pools_) pool->remove_sockets();
    if (pid_file_written_ && ::unlink(settings_.global.pid.c_str()) != 0) {
        log_.error(
            system_error(fmt::format("Unable to remove the PID file ({}).", settings_.global.pid)).text());
    }
    pid_file_written_ = false;
}

void Master::Running::raise_priority() {
    if (!facts_.is_root) return;
    const int wanted =
        std::min(settings_.global.process_priority.value_or(facts_.nice_value), master_nice_value);
    // A container may forbid it: then the master shares as others do.
    (void)::setpriority(PRIO_PROCESS, 0, wanted);
}

void Master::Running::await_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        handle_signal(signal);
        await_signals();
    });
}

void Master::Running::handle_signal(int signal) {
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
            return log_.error("a changed configuration takes a restart; the present one goes on serving");
        default:
            return;
    }
}

void Master::Running::reap() {
    while (const auto end = os::reap_any_child()) {
        const bool known = std::any_of(pools_.begin(), pools_.end(),
                                       [&](const auto& pool) { return pool->child_ended(*end); });
        if (!known) unclaimed_.add(*end);
    }
    look_whether_over();
}

void Master::Running::maintain() {
    if (state_ != State::starting && state_ != State::serving) return;
    for (const auto& pool : pools_) pool->tick();
    maintenance_timer_.start(maintenance_interval, [this] { maintain(); });
}

void Master::Running::look_whether_started() {
    const bool decided =
        std::all_of(pools_.begin(), pools_.end(), [](const auto& pool) { return pool->start_is_decided(); });
    if (decided) announce_ready();
}

void Master::Running::announce_ready() {
    if (state_ != State::starting) return;
    state_ = State::serving;
    start_timer_.cancel();
    log_.notice("ready to handle connections");
    const auto interval = std::chrono::milliseconds(settings_.global.systemd_interval);
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
    if (announce_) announce_();
}

void Master::Running::tell_service_manager() {
    Pool::Totals sum;
    for (const auto& pool : pools_) {
        const Pool::Totals totals = pool->totals();
        sum.active += totals.active;
        sum.idle += totals.idle;
        sum.requests += totals.requests;
        sum.slow += totals.slow;
    }
    const auto interval = std::chrono::milliseconds(settings_.global.systemd_interval);
    const double rate = static_cast<double>(sum.requests - std::min(requests_reported_, sum.requests)) *
                        1000.0 / static_cast<double>(interval.count());
    requests_reported_ = sum.requests;
    const bool told = os::notify_service_manager(fmt::format(
        "READY=1\nSTATUS=Processes active: {}, idle: {}, Requests: {}, slow: {}, Traffic: {:.2f}req/sec",
        sum.active, sum.idle, sum.requests, sum.slow, rate));
    if (!told) log_.notice("failed to notify status to systemd");
    monitor_timer_.start(interval, [this] { tell_service_manager(); });
}

void Master::Running::finish() {
    if (state_ == State::finishing || state_ == State::terminating) return;
    state_ = State::finishing;
    for (const auto& pool : pools_) pool->finish();
    const auto timeout = settings_.global.process_control_timeout;
    stop_timer_.start(timeout.count() > 0 ? timeout : default_grace, [this] { terminate(); });
    look_whether_over();
}

void Master::Running::terminate() {
    if (state_ == State::terminating) return;
    state_ = State::terminating;
    for (const auto& pool : pools_) pool->stop_with(SIGTERM);
    stop_timer_.start(terminate_grace, [this] { kill_what_stays(); });
    look_whether_over();
}

void Master::Running::kill_what_stays() {
    for (const auto& pool : pools_) pool->stop_with(SIGKILL);
    stop_timer_.start(terminate_grace, [this] { kill_what_stays(); });
    look_whether_over();
}

void Master::Running::look_whether_over() {
    if (state_ != State::finishing && state_ != State::terminating) return;
    const bool some_left =
        std::any_of(pools_.begin(), pools_.end(), [](const auto& pool) { return pool->has_processes(); });
    if (!some_left) loop_->stop();
}

void Master::Running::reopen_logs() {
    if (log_.reopen()) {
        log_.notice("error log file re-opened");
    } else {
        log_.error("unable to re-opened error log file");
    }
    bool any = false;
    bool all = true;
    for (const auto& pool : pools_) {
        if (!pool->has_access_log()) continue;
        any = true;
        all = pool->reopen_access_log() && all;
    }
    if (!all) log_.error("unable to re-opened access log file");
    if (any && all) log_.notice("access log file re-opened");
}

}  // namespace phalanx::master

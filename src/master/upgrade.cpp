#include "phalanx/master/upgrade.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "phalanx/os/execution.hpp"
#include "phalanx/os/process.hpp"
#include "phalanx/os/service_manager.hpp"
#include "running.hpp"

// A reload where the file of the running program was replaced. Until the new program runs, whatever is wrong
// is an error in the log, and nothing else happens:
//
//   addresses and access logs that are new in the configuration are opened
//
//   the new program reads and checks the configuration in a child, as for a start, and writes down what is to
//   become of it; addresses that only this second reading has brought are tried
//
//   signals wait, until the new program takes them
//
//   the process forks; the copy is the former master, with all workers, connections and the line
//
//   the process executes the new program, which takes what it has written down, whatever the files hold by
//   now, and starts its pools as at any start, while the former master serves
//
//   each takes the place of the former one's pool as at a reload (FormerMaster, Successor)

namespace phalanx::master {
namespace {

constexpr std::size_t descriptors_of_a_start = 128;
/// For some ten thousand pools.
constexpr std::size_t room_for_announcement = 4 * 1024 * 1024;
/// How long answers of the former master's own are waited for once its last process has ended.
constexpr std::chrono::seconds last_answers_limit{5};

}  // namespace

void Master::Running::prepare_for_new_program() {
    const bool is_first_start = static_cast<bool>(announce_);
    if (is_first_start || (former_ && former_->lives())) {
        log_.notice(
            fmt::format("{} was replaced: it takes over once {}", program_.path(),
                        is_first_start ? "the start is over" : "the former program's processes have ended"));
        upgrade_later_ = true;
        return;
    }
    reader_.start([this](const NewConfiguration& next) { reserve_addresses(next); });
}

/// The new program ends if it cannot listen, and everything with it: so that is tried here.
void Master::Running::reserve_addresses(const NewConfiguration& next) {
    // What this program cannot read the new one may: that is for its trial to say.
    if (next.plan) {
        auto reserved = pools_.reserve(next.plan->pools);
        if (!reserved) {
            log_.error(reserved.error().text());
            return std::exchange(reload_again_, false) ? reload() : keep_configuration();
        }
        reserved_ = *std::move(reserved);
        for (std::string& address : addresses_of(*next.plan)) provided_for_.insert(std::move(address));
    }
    trial_.start(program_.path(), options_.command_line, os::environment_list(), around_.file_limit, facts_,
                 [this](TrialResult result) { tried_new_program(std::move(result)); });
}

void Master::Running::tried_new_program(TrialResult result) {
    // What was tried may be older than this wish.
    if (std::exchange(reload_again_, false)) {
        drop_upgrade();
        return reload();
    }
    switch (result.outcome) {
        case TrialOutcome::passed:
            std::erase_if(result.addresses, [this](const auto& one) { return provided_for_.contains(one); });
            if (auto possible = pools_.try_listening(result.addresses, reserved_); !possible) {
                drop_upgrade();
                log_.error(possible.error().text());
                return keep_configuration();
            }
            tried_ = std::move(result.tried);
            // From the loop itself, which the copy of the process goes on with.
            return upgrade_timer_.start({}, [this] { upgrade(); });
        case TrialOutcome::foreign:
            drop_upgrade();
            log_.warning(fmt::format(
                "{} was replaced by one that cannot take over: the master runs the former program until it "
                "is restarted",
                program_.path()));
            return read_configuration();
        case TrialOutcome::failed:
            drop_upgrade();
            return keep_configuration();
    }
}

std::vector<os::SocketToPass> Master::Running::sockets_to_pass() const {
    std::vector<os::SocketToPass> all = pools_.sockets_to_pass();
    for (const os::ListenSocket& socket : reserved_) {
        // Where a pool has one at the same address nobody finds it any more.
        std::erase_if(all,
                      [&](const os::SocketToPass& other) { return other.address == os::bound_name(socket); });
        all.push_back({socket.fd.get(), os::bound_name(socket), os::stored_name(socket)});
    }
    return all;
}

/// Forgets what was made for the new program.
void Master::Running::drop_upgrade() {
    for (const os::ListenSocket& socket : reserved_) os::remove_socket_file(socket);
    reserved_.clear();
    provided_for_.clear();
    tried_.reset();
    upgrade_timer_.cancel();
}

void Master::Running::upgrade() {
    if (std::exchange(reload_again_, false)) {
        drop_upgrade();
        return reload();
    }
    // The new program takes what is ours for stored. (Of two at one address the first counts.)
    std::vector<const os::ListenSocket*> all = pools_.sockets();
    for (const os::ListenSocket& socket : reserved_) all.insert(all.begin(), &socket);
    socket_store_.keep(all);
    say_execution();
    const auto fail = [this](const base::Error& why) {
        drop_upgrade();
        socket_store_.keep(pools_.sockets());
        log_.error(why.text());
        keep_configuration();
    };
    auto handover = prepare_handover();
    if (!handover) return fail(handover.error());
    (void)log_.flush();
    auto forked = os::fork_process();
    if (forked && forked->is_copy) return become_former(*std::move(handover));
    if (!forked) return fail(forked.error());
    fail(execute_new_program(*std::move(handover), forked->copy.pid));
}

base::Result<Master::Running::Handover> Master::Running::prepare_handover() {
    auto link = os::make_message_pair();
    if (!link) return link.error();
    auto verdict = os::make_pipe();
    if (!verdict) return verdict.error();
    os::make_room_to_send(link->there.get(), room_for_announcement);
    if (!Successor::announce(link->there.get(), pools_, pid_file_written_ ? global_.pid : std::string()))
        return base::Error{"the new program cannot be told of all pools"};
    return Handover{*std::move(link), *std::move(verdict)};
}

/// Comes back only if it fails.
base::Error Master::Running::execute_new_program(Handover handover, pid_t former) {
    handover.link.there.reset();
    handover.verdict.read_end.reset();
    stall_alarm_.reset();
    os::Execution execution;
    execution.path = program_.path();
    execution.arguments = options_.command_line;
    execution.environment = os::environment_list();
    execution.nice_value = facts_.nice_value;
    const auto sockets = sockets_to_pass();
    // With more of them than a program has descriptors by default it could not even start.
    if (sockets.size() + descriptors_of_a_start < around_.file_limit)
        execution.file_limit = around_.file_limit;
    for (const std::string& variable : os::variables_for(sockets)) execution.environment.push_back(variable);
    for (const os::SocketToPass& socket : sockets) execution.descriptors.push_back(socket.fd);
    execution.environment.push_back(
        fmt::format("{}={}:{}", former_master_variable, handover.link.here.get(), former));
    execution.descriptors.push_back(handover.link.here.get());
    execution.environment.push_back(fmt::format("{}={}:", tried_variable, tried_.get()));
    execution.descriptors.push_back(tried_.get());
    base::Error failed;
    log_.with_former_standard_error([&] { failed = os::execute(execution); });
    (void)os::write_all(handover.verdict.write_end.get(), "n");
    arm_stall_alarm();
    return failed;
}

/// In the copy. Nothing that it shares with the original may be touched before the verdict.
void Master::Running::become_former(Handover handover) {
    handover.link.here.reset();
    handover.verdict.write_end.reset();
    char byte = 0;
    ssize_t size = 0;
    while ((size = ::read(handover.verdict.read_end.get(), &byte, 1)) < 0 && errno == EINTR) {
    }
    if (size != 0) ::_exit(0);
    if (auto watching = loop_->go_on_as_copy(); !watching) {
        log_.error(watching.error().text());
        ::_exit(70);
    }
    os::set_process_title("php-fpm: former master process");
    stall_alarm_.reset();
    arm_stall_alarm();
    start_timer_.cancel();
    monitor_timer_.cancel();
    state_ = State::serving;
    around_.worker_lines.release();
    pools_.become_former();
    reserved_.clear();
    tried_.reset();
    successor_ = std::make_unique<Successor>(
        Successor::Parts{*loop_, pools_, around_, facts_.pid, [this] { look_whether_over(); }},
        std::move(handover.link.there));
    if (auto started = successor_->start(); !started) log_.error(started.error().text());
    look_whether_over();
}

void Master::Running::handle_signal_as_former(int signal) {
    switch (signal) {
        case SIGQUIT:
            return finish();
        case SIGTERM:
        case SIGINT:
            return terminate();
        case SIGUSR1:
            // The successor says how it went.
            (void)log_.reopen();
            (void)pools_.reopen_access_logs();
            return;
        default:
            return;
    }
}

void Master::Running::look_whether_former_is_over() {
    if (!successor_->is_there() && !is_ending()) return terminate();
    if (pools_.have_processes()) return;
    // The last ones may be answers of the master's own that are still being read.
    const bool has_passed_on_all = successor_->has_all() && !pools_.hold_connections();
    if (is_ending() || has_passed_on_all) return loop_->stop();
    if (!stop_timer_.armed()) stop_timer_.start(last_answers_limit, [this] { loop_->stop(); });
}

void Master::Running::former_master_ended() {
    if (is_ending()) return look_whether_over();
    if (std::exchange(upgrade_later_, false)) reload();
}

}  // namespace phalanx::master

// What workers say to the staff, and what becomes of those that speak against the rules.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "staff.hpp"

namespace phalanx::master {
namespace {

using link::MessageKind;
using log::Level;

/// Descriptors in one packet, where there is to be one at most, for which a pool is not stopped at once.
constexpr std::size_t most_surplus = 8;

}  // namespace

/// Connections that come back were given to the worker: it cannot send more such notes than that.
TimeShare::Cause Staff::read_notes(WorkerHandle& worker, int most) {
    auto cause = TimeShare::Cause::answer;
    for (int i = 0; i < most && worker.life != WorkerLife::absent && !worker.broke_rules; ++i) {
        Note note;
        const auto received = worker.channel.receive(note);
        if (received == JobChannel::Received::nothing) return i == 0 ? TimeShare::Cause::own_accord : cause;
        if (received != JobChannel::Received::note || note.head.kind != MessageKind::kept)
            cause = TimeShare::Cause::own_accord;
        if (received == JobChannel::Received::lost) {
            dispatcher_->connection_lost();
            continue;
        }
        if (received == JobChannel::Received::malformed) {
            rule_broken(worker, note);
            break;
        }
        take_note(worker, note);
    }
    return cause;
}

void Staff::take_note(WorkerHandle& worker, Note& note) {
    if (note.head.kind == MessageKind::hello && worker.life == WorkerLife::ordered && !note.fd) {
        return hello(worker, note);
    }
    const bool may_speak = worker.life == WorkerLife::serving || worker.life == WorkerLife::leaving;
    if (!may_speak || !dispatcher_->take_note(worker, note)) rule_broken(worker, note);
}

void Staff::hello(WorkerHandle& worker, Note& note) {
    const pid_t pid = note.sender;
    if (has_pid(pid)) return rule_broken(worker, note);
    worker.pid = pid;
    // Also of a worker whose life was over before its hello was read: it may have served and died meanwhile.
    say(worker.replaces_dead ? Level::notice : Level::debug, fmt::format("child {} started", pid));
    worker.replaces_dead = false;
    // Its place was kept free when the worker was ordered.
    worker.pidfd.reset();
    auto pidfd = os::open_pidfd(pid);
    if (!pidfd && pidfd.error().code != ESRCH) return turn_away(worker, pidfd.error());
    const bool is_ours = pidfd && (around_.adopts ? around_.adopts(pid) : os::is_own_child(*pidfd));
    if (!is_ours) return bury_early(worker, around_.unclaimed.take(pid));
    worker.pidfd = *std::move(pidfd);
    worker.life = WorkerLife::serving;
    worker.changed_at = base::Monotonic::now();
    set_live(worker, true);
    dispatcher_->worker_joined(worker.slot);
    if (all_end_by_) {
        (void)os::send_signal(worker.pidfd, *all_end_by_);
    } else if (all_leave_) {
        send_leave(worker);
    }
    events_.worker_joined();
}

/// It cannot be looked after, and is not to blame.
void Staff::turn_away(WorkerHandle& worker, const base::Error& why) {
    say(Level::error, fmt::format("child {} is ended: {}", worker.pid, why.text()));
    if (os::is_own_child(worker.pid)) (void)::kill(worker.pid, SIGKILL);
    clear(worker);
    events_.worker_gone(std::chrono::milliseconds(0), /*in_vain=*/true);
}

/// Its hello was read when it was no child of ours any more: it has served and died meanwhile. One whose end
/// nobody has seen never was.
void Staff::bury_early(WorkerHandle& worker, const std::optional<os::ChildEnd>& end) {
    // Of a former master's workers the end is told by another process, which may be late.
    const bool is_strange = !end && !around_.is_former_master();
    if (is_strange) worker.broke_rules = true;
    bury(worker, end.value_or(os::ChildEnd{worker.pid, os::ChildEnd::How::exited, 0}));
    if (is_strange) events_.rules_broken(Breach::plain);
}

void Staff::expect(std::span<const link::MadeWorker> workers) {
    for (const link::MadeWorker& made : workers) {
        if (made.slot >= workers_.size() || made.pid <= 0) continue;
        WorkerHandle& worker = workers_[made.slot];
        if (worker.life != WorkerLife::ordered) continue;
        worker.announced_pid = made.pid;
        // Taken from there it would be lacking to whom it belongs, if the template lies. (The end of a former
        // process with the same number is none of a process that is there.)
        const auto end = around_.unclaimed.look_for(made.pid);
        if (end && !os::open_pidfd(made.pid)) bury_before_hello(worker, *end);
    }
}

void Staff::stranger_ended(const os::ChildEnd& end) {
    for (WorkerHandle& worker : workers_) {
        if (worker.life == WorkerLife::ordered && worker.announced_pid == end.pid)
            bury_before_hello(worker, end);
    }
}

/// Its order would be waited for for ten seconds.
void Staff::bury_before_hello(WorkerHandle& worker, const os::ChildEnd& end) {
    // It may have said hello, have served and died meanwhile.
    (void)read_notes(worker, most_last_notes);
    if (worker.life != WorkerLife::ordered) return;
    worker.pid = end.pid;
    say(worker.replaces_dead ? Level::notice : Level::debug, fmt::format("child {} started", end.pid));
    bury(worker, end);
}

bool Staff::has_pid(pid_t pid) const {
    return std::any_of(workers_.begin(), workers_.end(), [pid](const WorkerHandle& worker) {
        return worker.life != WorkerLife::absent && worker.pid == pid;
    });
}

void Staff::rule_broken(WorkerHandle& worker, Note& note) {
    const Breach breach = note.surplus.size() > most_surplus ? Breach::grave : Breach::plain;
    around_.foreign.take(std::move(note.fd));
    around_.foreign.take(std::move(note.surplus));
    worker.channel_watch = {};
    worker.broke_rules = true;
    if (worker.pid == 0) {
        end_speaker(worker, note.sender);
    } else {
        say(Level::error, fmt::format("child {} broke the rules of its channel and is ended", worker.pid));
        worker.life = WorkerLife::leaving;
        dispatcher_->worker_left(worker.slot);
        (void)os::send_signal(worker.pidfd, SIGKILL);
    }
    events_.rules_broken(breach);
}

/// Before its worker has said hello nobody will be buried who could clear the slot.
void Staff::end_speaker(WorkerHandle& worker, pid_t speaker) {
    say(Level::error, fmt::format("process {} broke the rules of a worker's channel and is ended", speaker));
    const auto pidfd = os::open_pidfd(speaker);
    if (pidfd && os::is_own_child(*pidfd)) (void)os::send_signal(*pidfd, SIGKILL);
    clear(worker);
    events_.worker_gone(std::chrono::milliseconds(0), /*in_vain=*/true);
}

}  // namespace phalanx::master

#include <utility>

#include "handshake_system.hpp"

namespace phalanx::link::model {
namespace {

void pump(State& state) {
    state.task = MasterTask::pump;
    state.step = MasterStep::look_for_idle;
}

void rest(State& state) {
    state.task = MasterTask::pump;
    state.step = MasterStep::asleep;
}

/// A control message goes out: to a worker that still receives.
void send_control(State& state, Item item, WorkerFlag duty) {
    Worker& worker = state.worker[state.subject];
    if (worker.flags.has(WorkerFlag::inbox_closed)) return;
    state.queue(worker.inbox, item);
    worker.flags.set(duty);
}

/// What is still to be sent; a check's control messages go back before anything else.
void choose_next_message(State& state) {
    const auto& shared = state.shared;
    if (shared.has(SharedFlag::leave_came_back)) {
        state.task = MasterTask::send_leave;
    } else if (shared.has(SharedFlag::log_came_back)) {
        state.task = MasterTask::send_log;
    } else if (shared.has(SharedFlag::job_came_back)) {
        state.task = MasterTask::send_recheck;
    } else {
        state.shared.clear(SharedFlag::uncounted);
        rest(state);
    }
}

/// After an order or a check: what has changed for the pump.
void finish_messages(State& state) {
    state.shared.clear(SharedFlag::uncounted);
    const bool job_came_back = state.shared.take(SharedFlag::job_came_back);
    const bool leaves = !state.worker[state.subject].flags.has(WorkerFlag::eligible);
    if (leaves) state.worker[state.subject].flags.clear(WorkerFlag::idle);
    job_came_back || leaves ? pump(state) : rest(state);
}

/// Where nobody receives any more the kernel says that instead.
bool may_find_no_room(const State& state, std::uint8_t worker) {
    return state.chances.has(Chance::full) && !state.worker[worker].flags.has(WorkerFlag::inbox_closed);
}

/// One that a check has put back is not counted, and others may follow; one that was ordered is.
void after_control(State& state, SharedFlag came_back) {
    state.task = MasterTask::count_control;
    if (!state.shared.take(came_back)) return;
    state.shared.set(SharedFlag::uncounted);
    choose_next_message(state);
}

}  // namespace

void System::add_master_steps(const State& state, std::vector<Successor>& found) const {
    const auto add = [&](Action action) -> State& {
        return found.emplace_back(Successor{action, 0, state, {}}).state;
    };
    const bool pumps = state.task == MasterTask::pump;
    if (state.shared.has(SharedFlag::line_changed)) {
        State& next = add(Action::store_line);
        next.shared.clear(SharedFlag::line_changed);
        next.line_word = next.line.size();
    } else if (!pumps || state.step != MasterStep::asleep) {
        run_master(add(Action::master_step), {});
        if (pumps && state.step == MasterStep::look_for_idle)
            run_master(add(Action::master_step), {.idle = Idle::last});
        if (pumps && state.step == MasterStep::find_job && !state.line.empty())
            run_master(add(Action::master_step), {.look = Look::careless});
        if (pumps && state.step == MasterStep::line_up_or_unwatch && variant_.knows_line_mode) {
            State& next = add(Action::line_grows);
            next.lining.set(LineFlag::line_mode);
            run_master(next, {});
        }
        const bool may_give = pumps && state.step == MasterStep::give_ahead && !state.line.empty();
        for (std::uint8_t i = 0; i < workers && may_give && state.chances.has(Chance::ahead); ++i) {
            if (!state.worker[i].flags.has(WorkerFlag::eligible)) continue;
            const Ahead ahead = i == 0 ? Ahead::to_worker_0 : Ahead::to_worker_1;
            State& next = found.emplace_back(Successor{Action::job_goes_ahead, i, state, {}}).state;
            run_master(next, {.ahead = ahead});
            if (!may_find_no_room(state, i)) continue;
            State& full = found.emplace_back(Successor{Action::channel_is_full, i, state, {}}).state;
            run_master(full, {.ahead = ahead, .finds_no_room = true});
        }
        if (pumps && state.step == MasterStep::send_job && may_find_no_room(state, state.subject)) {
            State& full =
                found.emplace_back(Successor{Action::channel_is_full, state.subject, state, {}}).state;
            run_master(full, {.finds_no_room = true});
        }
    } else {
        add_master_events(state, found);
        add_line_events(state, found);
        add_timers(state, found);
    }
}

void System::add_master_events(const State& state, std::vector<Successor>& found) const {
    const auto add = [&](Action action, std::uint8_t who) -> State& {
        State& next = found.emplace_back(Successor{action, who, state, {}}).state;
        pump(next);
        return next;
    };
    if (state.told.has(Told::master)) add(Action::listener_readable, 0);
    if (state.shared.has(SharedFlag::eventfd)) {
        State& next = add(Action::wakeup_readable, 0);
        next.shared.clear(SharedFlag::eventfd);
        next.task = MasterTask::clear_wake_when_woken;
    }
    if (state.slow.has(SlowClientFlag::parked) && state.head_sent(slow_client)) {
        State& next = add(Action::parked_ready, slow_client);
        next.slow.clear(SlowClientFlag::parked);
        MasterOperations(next, variant_).line_up(slow_client);
    } else if (state.slow.has(SlowClientFlag::parked) && state.fate[slow_client - 1] == Fate::left) {
        State& next = found.emplace_back(Successor{Action::parked_left, slow_client, state, {}}).state;
        next.slow.clear(SlowClientFlag::parked);
        next.close_if_left(slow_client);
    }
    for (std::uint8_t i = 0; i < workers; ++i) add_worker_events(state, i, found);
}

void System::add_line_events(const State& state, std::vector<Successor>& found) const {
    // The timer of the mode runs while no worker is idle.
    if (state.shared.has(SharedFlag::wake) && variant_.knows_line_mode) {
        State& next = found.emplace_back(Successor{Action::mode_changed, 0, state, {}}).state;
        if (!next.lining.take(LineFlag::line_mode)) next.lining.set(LineFlag::line_mode);
        if (variant_.pumps_when_mode_changes) pump(next);
    }
    bool somebody_left = false;
    for (Client client = 1; client <= clients; ++client) {
        const bool left = state.fate[client - 1] == Fate::left && state.line.holds(item_of(client));
        somebody_left = somebody_left || left;
    }
    const bool looks = variant_.looks_for_those_who_left && state.lining.has(LineFlag::looked_after);
    if (!somebody_left || !looks) return;
    State& next = found.emplace_back(Successor{Action::line_looked_at, 0, state, {}}).state;
    MasterOperations(next, variant_).look_at_line();
    if (next.line.empty()) pump(next);
}

/// A stopped worker may be the one that was told of a connection: the master looks for itself, as long as
/// that changes something.
void System::add_timers(const State& state, std::vector<Successor>& found) const {
    const auto add = [&](Action action) -> State& {
        State& next = found.emplace_back(Successor{action, 0, state, {}}).state;
        pump(next);
        return next;
    };
    bool somebody_is_idle = false;
    bool somebody_told_is_stopped = false;
    for (std::uint8_t i = 0; i < workers; ++i) {
        if (state.lining.has(spared_worker(i)) && variant_.asks_spared_again) {
            State& next = add(Action::spared_asked_again);
            next.lining.clear(spared_worker(i));
            next.worker[i].flags.set(WorkerFlag::eligible);
        }
        const Worker& worker = state.worker[i];
        const auto& flags = worker.flags;
        somebody_is_idle =
            somebody_is_idle || (flags.has(WorkerFlag::idle) && flags.has(WorkerFlag::eligible));
        const bool idle_at_door = i < state.door_workers &&
                                  (worker.step == WorkerStep::wait || worker.step == WorkerStep::accept_idle);
        somebody_told_is_stopped =
            somebody_told_is_stopped ||
            (worker.life == Life::stopped && (idle_at_door || state.told.has(told_worker(i))));
    }
    const bool wake = state.shared.has(SharedFlag::wake);
    if (variant_.looks_while_somebody_is_idle && wake && somebody_is_idle) add(Action::idle_looked_at);
    const bool watching = state.shared.has(SharedFlag::watching);
    const bool would_look = watching ? !state.told.has(Told::master) : somebody_is_idle;
    if (!variant_.looks_at_times || !somebody_told_is_stopped || state.backlog.empty() || !would_look) return;
    MasterOperations(add(Action::listener_looked_at), variant_).will_look_at_listener();
}

void System::add_worker_events(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const Worker& worker = state.worker[index];
    const auto add = [&](Action action) -> State& {
        State& next = found.emplace_back(Successor{action, index, state, {}}).state;
        pump(next);
        return next;
    };
    if (worker.life == Life::dead) {
        State& next = add(Action::worker_died);
        bury(next, index);
    }
    if (!worker.outbox.empty()) {
        State& next = found.emplace_back(Successor{Action::message_from_worker, index, state, {}}).state;
        if (worker.outbox.at(0) == Item::hello) {
            // Behind the new worker, in the order in which the kernel tells.
            MasterOperations(next, variant_).add_watch_again();
            pump(next);
        }
        take_from_outbox(next, index);
        if (!variant_.checks_whatever_was_said && worker.inbox.holds_client()) {
            next.worker[index].flags.set(WorkerFlag::check_forgotten);
        }
    }
    const bool checked = variant_.checks_for_untaken_jobs && !worker.flags.has(WorkerFlag::check_forgotten);
    const bool looked_at = variant_.checks_busy_workers || worker.step != WorkerStep::serve;
    if (worker.inbox.holds_client() && checked && looked_at) {
        State& next = add(Action::check_job);
        next.task = MasterTask::drain_for_check;
        next.subject = index;
    }
    if (state.chances.has(Chance::control) && worker.flags.has(WorkerFlag::eligible)) {
        State& leave = add(Action::order_leave);
        leave.chances.clear(Chance::control);
        leave.worker[index].flags.clear(WorkerFlag::eligible);
        leave.lining.clear(spared_worker(index));
        leave.task = MasterTask::send_leave;
        leave.subject = index;
        State& log = add(Action::order_log);
        log.chances.clear(Chance::control);
        log.task = MasterTask::send_log;
        log.subject = index;
    }
}

/// The master takes one message of the worker's: its first word, or about a connection.
void System::take_from_outbox(State& state, std::uint8_t index) const {
    Worker& worker = state.worker[index];
    const Item item = worker.outbox.pop_front();
    if (item == Item::hello) return worker.flags.set(WorkerFlag::eligible);
    const bool is_note = item == Item::kept || item == Item::closed;
    if (!is_note && client_of(item) != slow_client) {
        // With its request, which the worker has read.
        MasterOperations(state, variant_).line_up(client_of(item));
        return pump(state);
    }
    const bool was_lent = std::exchange(state.lent_to, std::uint8_t{0}) == index + 1;
    if (was_lent != is_note) state.fault = Fault::not_lent;
    if (item == Item::closed || (item == Item::kept && !variant_.takes_kept_notes)) return;
    state.slow.set(SlowClientFlag::parked);
}

void System::run_master(State& state, MasterChoice choice) const {
    MasterOperations operations(state, variant_, choice);
    Worker& subject = state.worker[state.subject];
    switch (state.task) {
        case MasterTask::pump:
            state.step = variant_.master(state.step, operations);
            break;
        case MasterTask::clear_wake_when_woken:
            operations.store_wake(false);
            pump(state);
            break;
        case MasterTask::drain_for_check:
            drain_for_check(state);
            break;
        case MasterTask::send_recheck:
            if (!subject.flags.has(WorkerFlag::inbox_closed) && variant_.rechecks_after_take_back)
                state.queue(subject.inbox, Item::recheck);
            // A recheck alone is not counted here: its worker would only look into its inbox once more.
            state.task = MasterTask::count_control;
            if (!state.shared.has(SharedFlag::uncounted)) finish_messages(state);
            break;
        case MasterTask::send_leave:
            send_control(state, Item::leave, WorkerFlag::must_leave);
            after_control(state, SharedFlag::leave_came_back);
            break;
        case MasterTask::send_log:
            send_control(state, Item::replace_log, WorkerFlag::must_replace_log);
            after_control(state, SharedFlag::log_came_back);
            break;
        case MasterTask::count_control:
            subject.flags.set(WorkerFlag::control_changed);
            finish_messages(state);
            break;
    }
}

/// One receive from the worker's own end of the channel, which the master holds too.
void System::drain_for_check(State& state) const {
    const Item item = state.worker[state.subject].inbox.pop_front();
    if (item == Item::none) return choose_next_message(state);
    if (const Client job = client_of(item); job != nobody) {
        MasterOperations(state, variant_).return_to_line(job);
        state.shared.set(SharedFlag::job_came_back);
    } else if (variant_.repeats_control_messages) {
        state.shared.set(item == Item::leave ? SharedFlag::leave_came_back : SharedFlag::log_came_back);
    }
}

/// What the master does when a worker has ended, up to the new one in its slot.
void System::bury(State& state, std::uint8_t index) const {
    Worker& dead = state.worker[index];
    const bool bit_stays = !variant_.clears_dead_bit && dead.flags.has(WorkerFlag::idle);
    while (variant_.drains_dead_outbox && !dead.outbox.empty()) take_from_outbox(state, index);
    while (variant_.drains_dead_inbox && !dead.inbox.empty()) {
        const Client job = client_of(dead.inbox.pop_front());
        if (job != nobody) MasterOperations(state, variant_).return_to_line(job);
    }
    if (state.lent_to == index + 1 && variant_.closes_what_dead_worker_held) {
        if (dead.hand != slow_client) state.fault = Fault::closed_unheld;
        if (dead.hand == slow_client) state.fate_of(slow_client) = Fate::over;
        state.lent_to = 0;
    }
    if (variant_.looks_after_death) MasterOperations(state, variant_).will_look_at_listener();
    state.lining.clear(spared_worker(index));
    dead = Worker{};
    dead.outbox.push_back(Item::hello);
    if (!variant_.replaces_dead) {
        dead.life = Life::stopped;
    } else if (state.is_at_door(index)) {
        state.tell_if_somebody_is_there(told_worker(index));
    }
    if (bit_stays) dead.flags.set(WorkerFlag::idle);
}

}  // namespace phalanx::link::model

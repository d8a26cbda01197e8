#include "handshake_system.hpp"

#include <utility>

namespace phalanx::link::model {
namespace {

void pump(State& state) {
    state.task = MasterTask::pump;
    state.step = MasterStep::look_for_idle;
}

/// Where the subject matters no more it is worker 0, lest equal states look different.
void forget_subject(State& state) {
    const bool chosen = state.step == MasterStep::find_job || state.step == MasterStep::clear_idle ||
                        state.step == MasterStep::send_job || state.step == MasterStep::count_ahead;
    if (state.task == MasterTask::pump && !chosen) state.subject = 0;
}

/// Ends a process: what only it could still have used goes.
void end(Worker& worker) {
    worker.life = Life::dead;
    worker.step = WorkerStep::gone;
    worker.flags.clear(WorkerFlag::control_changed);
    worker.flags.clear(WorkerFlag::answer_ended);
}

/// The kernel closes what only this worker had; of what the master lent it there is a duplicate.
void close_connections(State& state, std::uint8_t index) {
    Client& hand = state.worker[index].hand;
    const bool lent = hand == slow_client && state.lent_to == index + 1;
    if (hand != nobody && !lent) state.lose(std::exchange(hand, nobody));
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
    job_came_back || leaves ? pump(state) : rest(state);
}

/// One that a check has put back is not counted, and others may follow; one that was ordered is.
void after_control(State& state, SharedFlag came_back) {
    state.task = MasterTask::count_control;
    if (!state.shared.take(came_back)) return;
    state.shared.set(SharedFlag::uncounted);
    choose_next_message(state);
}

}  // namespace

State System::initial(std::initializer_list<Chance> chances) {
    State state;
    for (Worker& worker : state.worker) worker.flags.set(WorkerFlag::eligible);
    for (const Chance chance : chances) state.chances.set(chance);
    return state;
}

void System::successors(const State& state, std::vector<Successor>& found) const {
    found.clear();
    for (std::uint8_t i = 0; i < workers; ++i) {
        add_worker_steps(state, i, found);
        add_accidents(state, i, found);
    }
    add_client_steps(state, found);
    add_master_steps(state, found);
}

void System::add_master_steps(const State& state, std::vector<Successor>& found) const {
    const auto add = [&](Action action) -> State& {
        return found.emplace_back(Successor{action, 0, state}).state;
    };
    const auto run = [&](State& next, Look look, Ahead ahead = Ahead::to_nobody) {
        run_master(next, look, ahead);
        forget_subject(next);
    };
    const bool pumps = state.task == MasterTask::pump;
    if (state.shared.has(SharedFlag::line_changed)) {
        State& next = add(Action::store_line);
        next.shared.clear(SharedFlag::line_changed);
        next.line_word = next.line.size();
    } else if (!pumps || state.step != MasterStep::asleep) {
        run(add(Action::master_step), Look::careful);
        if (pumps && state.step == MasterStep::find_job && !state.line.empty())
            run(add(Action::master_step), Look::careless);
        if (pumps && state.step == MasterStep::line_up_or_unwatch && variant_.knows_line_mode) {
            State& next = add(Action::line_grows);
            next.lining.set(LineFlag::line_mode);
            run(next, Look::careful);
        }
        const bool may_give = pumps && state.step == MasterStep::give_ahead && !state.line.empty();
        for (std::uint8_t i = 0; i < workers && may_give && state.chances.has(Chance::ahead); ++i) {
            if (!state.worker[i].flags.has(WorkerFlag::eligible)) continue;
            State& next = found.emplace_back(Successor{Action::job_goes_ahead, i, state}).state;
            run(next, Look::careful, i == 0 ? Ahead::to_worker_0 : Ahead::to_worker_1);
        }
    } else {
        add_master_events(state, found);
        add_line_events(state, found);
    }
}

void System::add_worker_steps(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const Worker& worker = state.worker[index];
    if (worker.life != Life::running) return;
    const auto add = [&](Action action, Choice choice) {
        State& next = found.emplace_back(Successor{action, index, state}).state;
        WorkerOperations operations(next, index, choice);
        Worker& me = next.worker[index];
        me.step = variant_.worker(worker.step, operations);
        if (me.step == WorkerStep::gone) end(me);
    };
    const bool serves = worker.step == WorkerStep::serve || worker.step == WorkerStep::serve_last;
    const bool may_go_on = !serves || add_serving_steps(state, index, found);
    const bool waits = worker.step == WorkerStep::receive;
    const bool blocks = waits && worker.inbox.empty() && !worker.flags.has(WorkerFlag::inbox_closed);
    if (!blocks && may_go_on) add(Action::worker_step, Choice::usual);
    if (!state.chances.has(Chance::control)) return;
    if (waits || (worker.step == WorkerStep::serve && may_go_on)) add(Action::worker_leaves, Choice::leave);
    State& next = found.emplace_back(Successor{Action::worker_signalled, index, state}).state;
    next.chances.clear(Chance::control);
    next.worker[index].flags.set(WorkerFlag::inbox_closed);
    next.worker[index].flags.set(WorkerFlag::must_leave);
}

bool System::add_serving_steps(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const auto add = [&](Action action, auto part) {
        State& next = found.emplace_back(Successor{action, index, state}).state;
        WorkerOperations operations(next, index, Choice::usual);
        (operations.*part)();
    };
    State copy = state;
    const WorkerOperations worker(copy, index, Choice::usual);
    if (worker.answer_comes_first()) add(Action::worker_answers, &WorkerOperations::answer_and_keep);
    if (worker.may_hand_on_early()) add(Action::worker_hands_on, &WorkerOperations::hand_on_early);
    if (worker.may_linger()) add(Action::worker_lingers, &WorkerOperations::take_next_request);
    return !worker.answer_comes_first();
}

void System::add_accidents(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const Life life = state.worker[index].life;
    if (life == Life::dead) return;
    const auto add = [&](Action action, Life becomes) -> State& {
        State& next = found.emplace_back(Successor{action, index, state}).state;
        next.worker[index].life = becomes;
        return next;
    };
    if (state.chances.has(Chance::crash)) {
        State& next = add(Action::worker_killed, Life::dead);
        next.chances.clear(Chance::crash);
        end(next.worker[index]);
        close_connections(next, index);
    }
    if (life == Life::stopped) {
        add(Action::worker_continued, Life::running);
    } else if (state.chances.has(Chance::stop)) {
        add(Action::worker_stopped, Life::stopped).chances.clear(Chance::stop);
    }
}

void System::add_client_steps(const State& state, std::vector<Successor>& found) const {
    const auto add = [&](Action action, Client client, Fate becomes = Fate::open) -> State& {
        State& next = found.emplace_back(Successor{action, client, state}).state;
        next.fate_of(client) = becomes;
        return next;
    };
    for (Client client = 1; client <= clients && state.chances.has(Chance::hang_up); ++client) {
        const Fate fate = state.fate[client - 1];
        if (fate != Fate::open && fate != Fate::idle) continue;
        add(Action::client_leaves, client, Fate::left).chances.clear(Chance::hang_up);
    }
    for (Client client = 1; client <= clients; ++client) {
        const bool after_its_twin = client != 2 || state.fate[0] != Fate::absent;
        if (state.fate[client - 1] != Fate::absent || !after_its_twin) continue;
        State& next = add(Action::client_connects, client);
        next.queue(next.backlog, item_of(client));
        if (!state.head_sent(client)) add(Action::client_is_kept, client).slow.set(SlowClientFlag::parked);
    }
    if (state.fate[slow_client - 1] == Fate::open && !state.head_sent(slow_client)) {
        add(Action::client_sends_head, slow_client).slow.set(SlowClientFlag::head_sent);
    }
    if (state.fate[slow_client - 1] == Fate::idle && state.slow.has(SlowClientFlag::asks_again)) {
        State& next = add(Action::client_asks_again, slow_client);
        next.slow.set(SlowClientFlag::head_sent);
        next.slow.clear(SlowClientFlag::asks_again);
    }
}

void System::add_master_events(const State& state, std::vector<Successor>& found) const {
    const auto add = [&](Action action, std::uint8_t who) -> State& {
        State& next = found.emplace_back(Successor{action, who, state}).state;
        pump(next);
        return next;
    };
    if (state.shared.has(SharedFlag::watching) && !state.backlog.empty()) add(Action::listener_readable, 0);
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
        State& next = found.emplace_back(Successor{Action::parked_left, slow_client, state}).state;
        next.slow.clear(SlowClientFlag::parked);
        next.close_if_left(slow_client);
    }
    for (std::uint8_t i = 0; i < workers; ++i) add_worker_events(state, i, found);
}

void System::add_line_events(const State& state, std::vector<Successor>& found) const {
    // The timer of the mode runs while no worker is idle.
    if (state.shared.has(SharedFlag::wake) && variant_.knows_line_mode) {
        State& next = found.emplace_back(Successor{Action::mode_changed, 0, state}).state;
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
    State& next = found.emplace_back(Successor{Action::line_looked_at, 0, state}).state;
    MasterOperations(next, variant_).look_at_line();
    if (next.line.empty()) pump(next);
}

void System::add_worker_events(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const Worker& worker = state.worker[index];
    const auto add = [&](Action action) -> State& {
        State& next = found.emplace_back(Successor{action, index, state}).state;
        pump(next);
        return next;
    };
    if (worker.life == Life::dead) {
        State& next = add(Action::worker_died);
        bury(next, index);
    }
    if (!worker.outbox.empty()) {
        State& next = found.emplace_back(Successor{Action::message_from_worker, index, state}).state;
        if (worker.outbox.at(0) == Item::hello) pump(next);
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
    const bool was_lent = std::exchange(state.lent_to, std::uint8_t{0}) == index + 1;
    if (was_lent != (item == Item::kept || item == Item::closed)) state.fault = Fault::not_lent;
    if (item == Item::closed || (item == Item::kept && !variant_.takes_kept_notes)) return;
    state.slow.set(SlowClientFlag::parked);
}

void System::run_master(State& state, Look look, Ahead ahead) const {
    MasterOperations operations(state, variant_, look, ahead);
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
        if (dead.hand == slow_client) state.lose(slow_client);
        state.lent_to = 0;
    }
    dead = Worker{};
    dead.outbox.push_back(Item::hello);
    if (bit_stays) dead.flags.set(WorkerFlag::idle);
}

}  // namespace phalanx::link::model

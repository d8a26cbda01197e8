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
                        state.step == MasterStep::send_job;
    if (state.task == MasterTask::pump && !chosen) state.subject = 0;
}

/// Ends a process: what only it could still have used goes.
void end(Worker& worker) {
    worker.life = Life::dead;
    worker.step = WorkerStep::gone;
    worker.flags.clear(WorkerFlag::control_changed);
}

/// The master takes one message of the worker's: its first word, or a connection it gives back.
void take_from_outbox(State& state, Worker& worker) {
    if (worker.outbox.pop_front() == Item::hello) {
        worker.flags.set(WorkerFlag::eligible);
    } else {
        state.slow.set(SlowClientFlag::parked);
    }
}

/// A control message goes out: to a worker that still receives.
void send_control(State& state, Item item, WorkerFlag duty) {
    Worker& worker = state.worker[state.subject];
    pump(state);
    if (worker.flags.has(WorkerFlag::inbox_closed)) return;
    state.queue(worker.inbox, item);
    worker.flags.set(duty);
    state.task = MasterTask::count_control;
}

/// After a check: what is still to be sent.
void choose_next_of_check(State& state) {
    const auto& shared = state.shared;
    if (shared.has(SharedFlag::job_came_back)) {
        state.task = MasterTask::send_recheck;
    } else if (shared.has(SharedFlag::leave_came_back)) {
        state.task = MasterTask::send_leave;
    } else if (shared.has(SharedFlag::log_came_back)) {
        state.task = MasterTask::send_log;
    } else {
        pump(state);
    }
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
    const auto add = [&](Action action) -> State& {
        return found.emplace_back(Successor{action, 0, state}).state;
    };
    if (state.shared.has(SharedFlag::line_changed)) {
        State& next = add(Action::store_line);
        next.shared.clear(SharedFlag::line_changed);
        next.line_word = next.line.size();
    } else if (state.task != MasterTask::pump || state.step != MasterStep::asleep) {
        State& next = add(Action::master_step);
        run_master(next);
        forget_subject(next);
    } else {
        add_master_events(state, found);
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
    const bool waits = worker.step == WorkerStep::receive;
    const bool blocks = waits && worker.inbox.empty() && !worker.flags.has(WorkerFlag::inbox_closed);
    if (!blocks) add(Action::worker_step, Choice::usual);
    if (!state.chances.has(Chance::control)) return;
    if (waits || worker.step == WorkerStep::serve) add(Action::worker_leaves, Choice::leave);
    State& next = found.emplace_back(Successor{Action::worker_signalled, index, state}).state;
    next.chances.clear(Chance::control);
    next.worker[index].flags.set(WorkerFlag::inbox_closed);
    next.worker[index].flags.set(WorkerFlag::must_leave);
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
        const Client lost = std::exchange(next.worker[index].hand, nobody);
        if (lost != nobody) next.fate_of(lost) = Fate::failed;
    }
    if (life == Life::stopped) {
        add(Action::worker_continued, Life::running);
    } else if (state.chances.has(Chance::stop)) {
        add(Action::worker_stopped, Life::stopped).chances.clear(Chance::stop);
    }
}

void System::add_client_steps(const State& state, std::vector<Successor>& found) const {
    const auto add = [&](Action action, Client client) -> State& {
        State& next = found.emplace_back(Successor{action, client, state}).state;
        next.fate_of(client) = Fate::open;
        return next;
    };
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
        MasterOperations(next, variant_).push_line_back(slow_client);
    }
    if (!state.line.empty() && !state.backlog.empty()) {
        MasterOperations(add(Action::new_ones_queued, 0), variant_).queue_new_connections();
    }
    for (std::uint8_t i = 0; i < workers; ++i) add_worker_events(state, i, found);
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
        State& next = add(Action::message_from_worker);
        take_from_outbox(next, next.worker[index]);
        if (!variant_.checks_whatever_was_said && worker.inbox.holds_client()) {
            next.worker[index].flags.set(WorkerFlag::check_forgotten);
        }
    }
    const bool checked = variant_.checks_for_untaken_jobs && !worker.flags.has(WorkerFlag::check_forgotten);
    if (worker.inbox.holds_client() && checked) {
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

void System::run_master(State& state) const {
    MasterOperations operations(state, variant_);
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
            state.shared.clear(SharedFlag::job_came_back);
            if (subject.flags.has(WorkerFlag::inbox_closed)) {
                subject.flags.clear(WorkerFlag::eligible);
            } else if (variant_.rechecks_after_take_back) {
                state.queue(subject.inbox, Item::recheck);
            }
            choose_next_of_check(state);
            break;
        case MasterTask::send_leave:
            state.shared.clear(SharedFlag::leave_came_back);
            send_control(state, Item::leave, WorkerFlag::must_leave);
            break;
        case MasterTask::send_log:
            state.shared.clear(SharedFlag::log_came_back);
            send_control(state, Item::replace_log, WorkerFlag::must_replace_log);
            break;
        case MasterTask::count_control:
            subject.flags.set(WorkerFlag::control_changed);
            pump(state);
            break;
    }
}

/// One receive from the worker's own end of the channel, which the master holds too.
void System::drain_for_check(State& state) const {
    const Item item = state.worker[state.subject].inbox.pop_front();
    if (item == Item::none) return choose_next_of_check(state);
    if (const Client job = client_of(item); job != nobody) {
        MasterOperations(state, variant_).push_line_front(job);
        state.shared.set(SharedFlag::job_came_back);
    } else if (variant_.repeats_control_messages) {
        state.shared.set(item == Item::leave ? SharedFlag::leave_came_back : SharedFlag::log_came_back);
    }
}

/// What the master does when a worker has ended, up to the new one in its slot.
void System::bury(State& state, std::uint8_t index) const {
    Worker& dead = state.worker[index];
    const bool bit_stays = !variant_.clears_dead_bit && dead.flags.has(WorkerFlag::idle);
    while (variant_.drains_dead_outbox && !dead.outbox.empty()) take_from_outbox(state, dead);
    while (variant_.drains_dead_inbox && !dead.inbox.empty()) {
        const Client job = client_of(dead.inbox.pop_front());
        if (job != nobody) MasterOperations(state, variant_).push_line_front(job);
    }
    dead = Worker{};
    dead.outbox.push_back(Item::hello);
    if (bit_stays) dead.flags.set(WorkerFlag::idle);
}

}  // namespace phalanx::link::model

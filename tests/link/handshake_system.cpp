#include "handshake_system.hpp"

#include <utility>

namespace phalanx::link::model {
namespace {

/// Ends a process: what only it could still have used goes.
void end(State& state, std::uint8_t index) {
    Worker& worker = state.worker[index];
    state.told.clear(told_worker(index));
    worker.life = Life::dead;
    worker.step = WorkerStep::gone;
    worker.flags.clear(WorkerFlag::control_changed);
    worker.flags.clear(WorkerFlag::answer_ended);
}

/// The kernel closes what only this worker had; of what the master lent it there is a duplicate.
void close_connections(State& state, std::uint8_t index) {
    Client& hand = state.worker[index].hand;
    const bool lent = hand == slow_client && state.lent_to == index + 1;
    if (hand != nobody && !lent) state.fate_of(std::exchange(hand, nobody)) = Fate::over;
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
    for (Successor& successor : found) successor.renamed = make_canonical(successor.state);
}

void System::add_worker_steps(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const Worker& worker = state.worker[index];
    if (worker.life != Life::running) return;
    const bool serves = worker.step == WorkerStep::serve || worker.step == WorkerStep::serve_last;
    const bool may_go_on = !serves || add_serving_steps(state, index, found);
    const bool blocks = worker.step == WorkerStep::receive && worker.inbox.empty() &&
                        !worker.flags.has(WorkerFlag::inbox_closed);
    if (worker.step == WorkerStep::wait) {
        add_waiting_steps(state, index, found);
    } else if (may_go_on && !blocks) {
        add_worker_step(state, index, {Action::worker_step, Choice::usual}, found);
    }
    if (!state.chances.has(Chance::control)) return;
    const bool may_leave = worker.step == WorkerStep::receive || worker.step == WorkerStep::serve;
    if (may_leave && may_go_on) add_worker_step(state, index, {Action::worker_leaves, Choice::leave}, found);
    State& next = found.emplace_back(Successor{Action::worker_signalled, index, state, {}}).state;
    next.chances.clear(Chance::control);
    next.worker[index].flags.set(WorkerFlag::inbox_closed);
    next.worker[index].flags.set(WorkerFlag::must_leave);
}

void System::add_worker_step(const State& state, std::uint8_t index, Decision decision,
                             std::vector<Successor>& found) const {
    State& next = found.emplace_back(Successor{decision.action, index, state, {}}).state;
    WorkerOperations operations(next, index, decision.choice);
    Worker& me = next.worker[index];
    me.step = variant_.worker(me.step, operations);
    if (me.step == WorkerStep::gone) end(next, index);
}

void System::add_waiting_steps(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const auto add = [&](Action action, Choice choice) {
        add_worker_step(state, index, {action, choice}, found);
    };
    State copy = state;
    const WorkerOperations worker(copy, index, Choice::usual);
    if (worker.is_told_of_connection() || worker.has_message()) add(Action::worker_step, Choice::usual);
    if (worker.has_kept_connection()) {
        if (state.head_sent(slow_client)) add(Action::worker_sees_request, Choice::request);
        add(Action::worker_gives_back, Choice::time_out);
    }
}

bool System::add_serving_steps(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const auto add = [&](Action action, auto part) {
        State& next = found.emplace_back(Successor{action, index, state, {}}).state;
        WorkerOperations operations(next, index, Choice::usual);
        (operations.*part)();
    };
    State copy = state;
    const WorkerOperations worker(copy, index, Choice::usual);
    if (worker.answer_comes_first()) add(Action::worker_answers, &WorkerOperations::answer_and_keep);
    if (worker.may_hand_on_early()) add(Action::worker_hands_on, &WorkerOperations::hand_on_early);
    if (worker.may_linger()) add(Action::worker_lingers, &WorkerOperations::take_next_request);
    if (worker.has_kept_connection() && worker.was_lent_connection() &&
        state.worker[index].step == WorkerStep::serve)
        add_worker_step(state, index, {Action::worker_keeps, Choice::keep}, found);
    return !worker.answer_comes_first();
}

void System::add_accidents(const State& state, std::uint8_t index, std::vector<Successor>& found) const {
    const Life life = state.worker[index].life;
    if (life == Life::dead) return;
    const auto add = [&](Action action, Life becomes) -> State& {
        State& next = found.emplace_back(Successor{action, index, state, {}}).state;
        next.worker[index].life = becomes;
        return next;
    };
    if (state.chances.has(Chance::crash)) {
        State& next = add(Action::worker_killed, Life::dead);
        next.chances.clear(Chance::crash);
        end(next, index);
        close_connections(next, index);
    }
    if (life == Life::stopped) {
        add(Action::worker_continued, Life::running);
    } else if (state.chances.has(Chance::stop)) {
        add(Action::worker_stopped, Life::stopped).chances.clear(Chance::stop);
    }
    const WorkerStep step = state.worker[index].step;
    const bool serves = step == WorkerStep::serve || step == WorkerStep::serve_last;
    if (life == Life::running && serves && state.chances.has(Chance::long_script))
        add(Action::worker_stopped, Life::stopped).chances.clear(Chance::long_script);
}

/// The kernel tells one of those who wait at the door, or everybody where none does: those who are at work
/// find it when they wait next.
void System::add_connection(const State& state, Client client, std::vector<Successor>& found) {
    const auto add = [&]() -> State& {
        State& next = found.emplace_back(Successor{Action::client_connects, client, state, {}}).state;
        next.fate_of(client) = Fate::open;
        next.queue(next.backlog, item_of(client));
        return next;
    };
    bool one_waits = false;
    for (std::uint8_t i = 0; i < workers; ++i) {
        const Worker& worker = state.worker[i];
        // One who has been told, or has a message, has been woken already.
        const bool sleeps = worker.life == Life::running && worker.step == WorkerStep::wait &&
                            !state.told.has(told_worker(i)) && worker.inbox.empty() &&
                            !worker.flags.has(WorkerFlag::inbox_closed);
        if (!sleeps || !state.is_at_door(i)) continue;
        one_waits = true;
        add().told.set(told_worker(i));
    }
    if (one_waits) return;
    State& next = add();
    for (std::uint8_t i = 0; i < state.door_workers; ++i) {
        if (state.worker[i].life != Life::dead) next.told.set(told_worker(i));
    }
    if (state.shared.has(SharedFlag::watching)) next.told.set(Told::master);
}

void System::add_client_steps(const State& state, std::vector<Successor>& found) const {
    const auto add = [&](Action action, Client client, Fate becomes = Fate::open) -> State& {
        State& next = found.emplace_back(Successor{action, client, state, {}}).state;
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
        add_connection(state, client, found);
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

}  // namespace phalanx::link::model

#pragma once

#include "handshake_worker_operations.hpp"

namespace phalanx::link::model {

/// Whether the master asks, before it gives a request of the line out, if the client is still there: only
/// about one that has waited for a moment, and not about any number of them.
enum class Look : std::uint8_t { careful, careless };

class MasterOperations;

/// Which busy worker is given a job ahead: how that is decided is no part of the hand-shake.
enum class Ahead : std::uint8_t { to_nobody, to_worker_0, to_worker_1 };

/// The real one chooses the first of the idle workers; that it may be any makes the workers alike.
enum class Idle : std::uint8_t { first, last };

/// What the master does where it has a choice.
struct MasterChoice {
    Look look = Look::careful;
    Ahead ahead = Ahead::to_nobody;
    Idle idle = Idle::first;
    bool finds_no_room = false;  ///< for the job that it sends
};

/// One implementation of the dispatcher: the real one, unless a test breaks a part of it.
struct Variant {
    WorkerStep (*worker)(WorkerStep, WorkerOperations&) = &advance<WorkerOperations>;
    MasterStep (*master)(MasterStep, MasterOperations&) = &advance<MasterOperations>;
    bool failed_send_keeps_job = true;     ///< job back to the front of the line
    bool drains_dead_inbox = true;         ///< jobs a dead worker did not take come back
    bool drains_dead_outbox = true;        ///< connections a dead worker had given back are taken
    bool clears_dead_bit = true;           ///< the idle bit of a dead worker goes
    bool checks_for_untaken_jobs = true;   ///< the 20 ms check
    bool rechecks_after_take_back = true;  ///< tells the worker that its job was taken back
    bool checks_whatever_was_said = true;  ///< also when the worker has sent something since the job was sent
    bool repeats_control_messages = true;  ///< those that a check found in the inbox are sent again
    bool knows_line_mode = true;           ///< else it is always REFILL
    bool watches_in_line_mode = true;      ///< LINE watches the listener
    bool pumps_when_mode_changes = true;
    bool looks_for_those_who_left = true;   ///< at times, through the whole line
    bool looks_after_returned_jobs = true;  ///< also where only jobs that came back are in the line
    bool takes_kept_notes = true;
    bool ends_loan_with_taken_back_job = true;
    bool closes_what_dead_worker_held = true;
    bool checks_busy_workers = true;  ///< for jobs that they were given ahead
    bool looks_after_death = true;    ///< whom the kernel may have told, and nobody else, of a connection
    bool looks_at_times = true;       ///< for the same reason, at one who may be stopped
    bool looks_while_somebody_is_idle = true;  ///< with the timer of the mode
    bool watch_begins_with_a_look = true;      ///< the kernel's, when the watch is added to its set
    bool replaces_dead = true;                 ///< else the new worker may never come
    bool gives_spared_its_bit_back = true;     ///< whose channel was full
    bool asks_spared_again = true;             ///< a moment later
    std::uint8_t longest_line = 4;             ///< queue.max_length: who comes then is refused
};

/// The master's half of the world behind link::advance(MasterStep, ...).
class MasterOperations {
  public:
    MasterOperations(State& state, const Variant& variant, MasterChoice choice = {})
        : state_(state), variant_(variant), choice_(choice) {}

    bool choose_lowest_idle();
    bool take_from_line();
    bool accept_ready();
    bool take_chosen_bit() { return chosen().flags.take(WorkerFlag::idle); }
    /// Which is not lent to anybody yet.
    void put_job_back() { push_line_front(std::exchange(state_.job, nobody)); }
    void send_job();
    void watch_listener();
    [[nodiscard]] bool nobody_waits() const {
        return !is_in_line_mode() && state_.line.empty() && !looks_at_listener();
    }
    void line_up_or_unwatch();
    bool give_ahead();
    void count_ahead();
    void store_wake(bool wanted);

    [[nodiscard]] bool is_in_line_mode() const { return state_.lining.has(LineFlag::line_mode); }
    // What handlers of events need besides.
    /// A job that was sent and not taken.
    void return_to_line(Client client);
    void line_up(Client client);
    /// Whoever has left leaves the line.
    void look_at_line();
    void park() { state_.slow.set(SlowClientFlag::parked); }
    /// Unasked: the kernel may have told only one who does not come.
    void will_look_at_listener() {
        if (state_.shared.has(SharedFlag::watching)) state_.tell_if_somebody_is_there(Told::master);
    }
    void add_watch_again();

  private:
    Worker& chosen() { return state_.worker[state_.subject]; }
    void spare_chosen();
    void push_line_front(Client client);
    void queue_new_connections();
    [[nodiscard]] bool looks_at_listener() const;
    void begin_to_watch();
    /// nobody when there is none.
    Client accept();
    /// Looks at a new connection: true if its request is here.
    bool admit(Client client);

    State& state_;
    const Variant& variant_;
    MasterChoice choice_;
};

inline bool MasterOperations::choose_lowest_idle() {
    bool found = false;
    for (std::uint8_t i = 0; i < workers; ++i) {
        const auto& flags = state_.worker[i].flags;
        if (!flags.has(WorkerFlag::idle) || !flags.has(WorkerFlag::eligible)) continue;
        state_.subject = i;
        if (choice_.idle == Idle::first) return true;
        found = true;
    }
    return found;
}

inline bool MasterOperations::take_from_line() {
    if (state_.line.empty()) return false;
    state_.shared.set(SharedFlag::line_changed);
    do state_.job = client_of(state_.line.pop_front());
    while (state_.job != nobody && choice_.look == Look::careful && state_.close_if_left(state_.job));
    if (state_.line.empty()) state_.lining.clear(LineFlag::looked_after);
    return state_.job != nobody;
}

/// A listener that is watched says so when somebody waits there.
inline bool MasterOperations::looks_at_listener() const {
    return !state_.shared.has(SharedFlag::watching) || state_.told.has(Told::master);
}

inline Client MasterOperations::accept() {
    if (!looks_at_listener()) return nobody;
    return state_.accept();
}

inline bool MasterOperations::accept_ready() {
    while (const Client client = accept()) {
        if (!admit(client)) continue;
        state_.job = client;
        return true;
    }
    return false;
}

inline bool MasterOperations::admit(Client client) {
    if (state_.head_sent(client)) return true;
    if (!state_.close_if_left(client)) park();
    return false;
}

inline void MasterOperations::watch_listener() {
    state_.lining.clear(LineFlag::line_mode);
    begin_to_watch();
}

inline void MasterOperations::line_up_or_unwatch() {
    const bool line_mode = state_.lining.has(LineFlag::line_mode);
    if (line_mode) queue_new_connections();
    if (line_mode && variant_.watches_in_line_mode) return begin_to_watch();
    state_.shared.clear(SharedFlag::watching);
    state_.told.clear(Told::master);
}

inline void MasterOperations::begin_to_watch() {
    if (state_.shared.has(SharedFlag::watching)) return;
    state_.shared.set(SharedFlag::watching);
    add_watch_again();
}

inline void MasterOperations::add_watch_again() {
    const bool watches = state_.shared.has(SharedFlag::watching);
    if (watches && variant_.watch_begins_with_a_look) state_.tell_if_somebody_is_there(Told::master);
}

inline bool MasterOperations::give_ahead() {
    if (choice_.ahead == Ahead::to_nobody || !take_from_line()) return false;
    state_.chances.clear(Chance::ahead);
    state_.lining.set(LineFlag::gave_ahead);
    state_.subject = choice_.ahead == Ahead::to_worker_0 ? 0 : 1;
    send_job();
    return true;
}

inline void MasterOperations::count_ahead() {
    chosen().flags.set(WorkerFlag::control_changed);
}

inline void MasterOperations::queue_new_connections() {
    while (const Client client = accept()) {
        if (admit(client)) line_up(client);
    }
}

inline void MasterOperations::send_job() {
    Worker& worker = chosen();
    const Client job = std::exchange(state_.job, nobody);
    if (choice_.finds_no_room) {
        state_.chances.clear(Chance::full);
        push_line_front(job);
        // A busy one has work, and gets no more ahead before it has begun that.
        if (choice_.ahead == Ahead::to_nobody) spare_chosen();
        return;
    }
    if (!worker.flags.has(WorkerFlag::inbox_closed)) {
        state_.queue(worker.inbox, item_of(job));
        worker.flags.clear(WorkerFlag::check_forgotten);
        if (job == slow_client) state_.lent_to = static_cast<std::uint8_t>(state_.subject + 1);
        return;
    }
    worker.flags.clear(WorkerFlag::eligible);
    if (variant_.failed_send_keeps_job) push_line_front(job);
}

inline void MasterOperations::spare_chosen() {
    chosen().flags.clear(WorkerFlag::eligible);
    if (variant_.gives_spared_its_bit_back) chosen().flags.set(WorkerFlag::idle);
    state_.lining.set(spared_worker(state_.subject));
}

inline void MasterOperations::store_wake(bool wanted) {
    if (wanted) {
        state_.shared.set(SharedFlag::wake);
    } else {
        state_.shared.clear(SharedFlag::wake);
    }
}

inline void MasterOperations::push_line_front(Client client) {
    state_.line.push_front(item_of(client));
    state_.shared.set(SharedFlag::line_changed);
    if (variant_.looks_after_returned_jobs) state_.lining.set(LineFlag::looked_after);
}

inline void MasterOperations::return_to_line(Client client) {
    if (client == slow_client && variant_.ends_loan_with_taken_back_job) state_.lent_to = 0;
    push_line_front(client);
}

inline void MasterOperations::line_up(Client client) {
    if (state_.line.size() >= variant_.longest_line) {
        if (!state_.close_if_left(client)) state_.fate_of(client) = Fate::over;
        return;
    }
    state_.line.push_back(item_of(client));
    state_.shared.set(SharedFlag::line_changed);
    state_.lining.set(LineFlag::looked_after);
}

inline void MasterOperations::look_at_line() {
    for (Client client = 1; client <= clients; ++client) {
        if (state_.line.holds(item_of(client)) && state_.close_if_left(client)) {
            state_.line.remove(item_of(client));
            state_.shared.set(SharedFlag::line_changed);
        }
    }
    if (state_.line.empty()) state_.lining.clear(LineFlag::looked_after);
}

}  // namespace phalanx::link::model

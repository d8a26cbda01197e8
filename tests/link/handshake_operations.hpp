#pragma once

#include "handshake_state.hpp"

namespace phalanx::link::model {

/// What a worker does where it has a choice.
enum class Choice : std::uint8_t {
    usual,
    leave,  ///< that was its last request (pm.max_requests), or something else ends its wait
};

/// The worker's half of the world behind link::advance(WorkerStep, ...): each operation changes the State as
/// the system call or the access to shared memory would.
class WorkerOperations {
  public:
    WorkerOperations(State& state, std::size_t index, Choice choice)
        : state_(state), me_(state.worker[index]), choice_(choice) {}

    bool control_changed();
    Inbox take_message();
    [[nodiscard]] bool others_wait_or_draining() const { return state_.line_word != 0; }
    Found accept_request();
    void set_idle_bit();
    [[nodiscard]] bool master_wants_wake() const { return state_.shared.has(SharedFlag::wake); }
    void wake_master() { state_.shared.set(SharedFlag::eventfd); }
    /// Called only when it would not block, or with Choice::leave.
    Inbox wait_for_message();
    bool serve_and_stay();
    void stop_receiving() { me_.flags.set(WorkerFlag::inbox_closed); }
    [[nodiscard]] bool inbox_ended() const { return ended_; }

  private:
    void leave_of_own_accord();

    State& state_;
    Worker& me_;
    Choice choice_;
    bool ended_ = false;  ///< the last receive said so
};

class MasterOperations;

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
};

/// The master's half of the world behind link::advance(MasterStep, ...).
class MasterOperations {
  public:
    MasterOperations(State& state, const Variant& variant) : state_(state), variant_(variant) {}

    bool choose_lowest_idle();
    bool take_from_line();
    bool accept_ready();
    void clear_chosen_bit() { chosen().flags.clear(WorkerFlag::idle); }
    void send_job();
    void watch_listener() { state_.shared.set(SharedFlag::watching); }
    void line_up_or_unwatch() { state_.shared.clear(SharedFlag::watching); }
    void store_wake(bool wanted);

    // What handlers of events need besides.
    void push_line_front(Client client);
    void push_line_back(Client client);
    /// What may happen whenever the line has not been empty for a while.
    void queue_new_connections();
    void park() { state_.slow.set(SlowClientFlag::parked); }

  private:
    Worker& chosen() { return state_.worker[state_.subject]; }

    State& state_;
    const Variant& variant_;
};

inline bool WorkerOperations::control_changed() {
    const bool changed = me_.flags.take(WorkerFlag::control_changed);
    // Before close_inbox only the signal handler closes it, which asks to leave.
    return changed || me_.flags.has(WorkerFlag::inbox_closed);
}

inline Inbox WorkerOperations::take_message() {
    if (me_.inbox.empty()) {
        ended_ = me_.flags.has(WorkerFlag::inbox_closed);
        return ended_ ? Inbox::leave : Inbox::nothing;
    }
    const Item item = me_.inbox.pop_front();
    switch (item) {
        case Item::recheck:
            return Inbox::recheck;
        case Item::leave:
            return Inbox::leave;
        case Item::replace_log:
            me_.flags.clear(WorkerFlag::must_replace_log);
            return Inbox::settled;
        default:
            me_.hand = client_of(item);
            return Inbox::job;
    }
}

inline Found WorkerOperations::accept_request() {
    const Client client = client_of(state_.backlog.pop_front());
    if (client == nobody) return Found::none;
    if (!state_.head_sent(client)) {
        state_.queue(me_.outbox, item_of(client));
        return Found::given_back;
    }
    me_.hand = client;
    return Found::request;
}

inline void WorkerOperations::set_idle_bit() {
    // The master clears it before it sends whatever makes a worker come here again.
    if (me_.flags.has(WorkerFlag::idle)) state_.fault = Fault::bit_set_twice;
    me_.flags.set(WorkerFlag::idle);
}

inline Inbox WorkerOperations::wait_for_message() {
    if (choice_ == Choice::usual) return take_message();
    leave_of_own_accord();
    return Inbox::leave;
}

inline bool WorkerOperations::serve_and_stay() {
    if (me_.hand == nobody) {
        state_.fault = Fault::served_nobody;
        return true;
    }
    Fate& fate = state_.fate_of(me_.hand);
    if (fate != Fate::open) state_.fault = Fault::answered_twice;
    fate = Fate::answered;
    me_.hand = nobody;
    if (choice_ == Choice::leave) leave_of_own_accord();
    return choice_ == Choice::usual;
}

inline void WorkerOperations::leave_of_own_accord() {
    state_.chances.clear(Chance::control);
    me_.flags.set(WorkerFlag::must_leave);
}

inline bool MasterOperations::choose_lowest_idle() {
    for (std::uint8_t i = 0; i < workers; ++i) {
        const auto& flags = state_.worker[i].flags;
        if (!flags.has(WorkerFlag::idle) || !flags.has(WorkerFlag::eligible)) continue;
        state_.subject = i;
        return true;
    }
    return false;
}

inline bool MasterOperations::take_from_line() {
    if (state_.line.empty()) return false;
    state_.job = client_of(state_.line.pop_front());
    state_.shared.set(SharedFlag::line_changed);
    return true;
}

inline bool MasterOperations::accept_ready() {
    while (!state_.backlog.empty()) {
        const Client client = client_of(state_.backlog.pop_front());
        if (state_.head_sent(client)) {
            state_.job = client;
            return true;
        }
        park();
    }
    return false;
}

inline void MasterOperations::queue_new_connections() {
    while (!state_.backlog.empty()) {
        const Client client = client_of(state_.backlog.pop_front());
        state_.head_sent(client) ? push_line_back(client) : park();
    }
}

inline void MasterOperations::send_job() {
    Worker& worker = chosen();
    const Client job = std::exchange(state_.job, nobody);
    if (!worker.flags.has(WorkerFlag::inbox_closed)) {
        state_.queue(worker.inbox, item_of(job));
        worker.flags.clear(WorkerFlag::check_forgotten);
        return;
    }
    worker.flags.clear(WorkerFlag::eligible);
    if (variant_.failed_send_keeps_job) push_line_front(job);
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
}

inline void MasterOperations::push_line_back(Client client) {
    state_.line.push_back(item_of(client));
    state_.shared.set(SharedFlag::line_changed);
}

}  // namespace phalanx::link::model

#pragma once

#include "handshake_state.hpp"

namespace phalanx::link::model {

/// What a worker does where it has a choice.
enum class Choice : std::uint8_t {
    usual,
    leave,     ///< that was its last request (pm.max_requests), or something else ends its wait
    keep,      ///< the connection stays in its hand for the next request
    request,   ///< which has come
    time_out,  ///< which has not
};

/// The worker's half of the world behind link::advance(WorkerStep, ...): each operation changes the State as
/// the system call or the access to shared memory would.
class WorkerOperations {
  public:
    WorkerOperations(State& state, std::size_t index, Choice choice)
        : state_(state), index_(index), me_(state.worker[index]), choice_(choice) {}

    bool control_changed();
    Inbox take_message();
    [[nodiscard]] bool others_wait_or_draining() const { return state_.line_word != 0; }
    /// A generation's end is no part of the model.
    [[nodiscard]] static bool is_draining() { return false; }
    [[nodiscard]] bool listener_is_watched() const { return !master_wants_wake(); }
    Found accept_request();
    /// It waits for the head, too, but not for long.
    Found accept_at_door() { return accept_request(); }
    void set_idle_bit();
    [[nodiscard]] bool master_wants_wake() const { return state_.shared.has(SharedFlag::wake); }
    [[nodiscard]] bool needs_master() const {
        return !state_.is_at_door(index_) || others_wait_or_draining();
    }
    void wake_master() { state_.shared.set(SharedFlag::eventfd); }
    void let_go() { give_kept_back(); }
    // Called only when they would not block, or with another choice than the usual one.
    Came wait();
    Inbox receive();
    /// Its own bit, which the master may have taken already.
    bool take_idle_bit() { return me_.flags.take(WorkerFlag::idle); }
    void hand_on();
    bool serve_and_stay();

    // What can end the wait.
    [[nodiscard]] bool is_told_of_connection() const {
        return state_.is_at_door(index_) && state_.told.has(told_worker(index_));
    }
    [[nodiscard]] bool has_message() const {
        return !me_.inbox.empty() || me_.flags.has(WorkerFlag::inbox_closed);
    }
    [[nodiscard]] bool has_kept_connection() const {
        return me_.hand == slow_client && me_.flags.has(WorkerFlag::answer_ended);
    }
    [[nodiscard]] bool was_lent_connection() const { return was_lent(me_.hand); }

    // Parts of the step `serve` that come before serve_and_stay returns, for a connection that is kept.
    [[nodiscard]] bool answer_comes_first() const;
    void answer_and_keep();
    [[nodiscard]] bool may_hand_on_early() const;
    /// fastcgi_finish_request(): the connection goes back while the script goes on.
    void hand_on_early() { part_from_kept(); }
    [[nodiscard]] bool may_linger() const;
    /// The next request has come while the worker waited for it.
    void take_next_request() { me_.flags.clear(WorkerFlag::answer_ended); }

    void stop_receiving() { me_.flags.set(WorkerFlag::inbox_closed); }
    [[nodiscard]] bool inbox_ended() const { return ended_; }

  private:
    Inbox next_message();
    void leave_of_own_accord();
    void answer_finally();
    void part_from_kept();
    void give_kept_back();
    [[nodiscard]] bool was_lent(Client client) const {
        return client == slow_client && state_.lent_to == index_ + 1;
    }

    State& state_;
    std::size_t index_;
    Worker& me_;
    Choice choice_;
    bool ended_ = false;  ///< the last receive said so
};

inline bool WorkerOperations::control_changed() {
    const bool changed = me_.flags.take(WorkerFlag::control_changed);
    // Before close_inbox only the signal handler closes it, which asks to leave.
    return changed || me_.flags.has(WorkerFlag::inbox_closed);
}

inline Inbox WorkerOperations::take_message() {
    const Inbox found = next_message();
    // Where one job lay another may.
    if (found == Inbox::job) me_.flags.set(WorkerFlag::control_changed);
    return found;
}

inline Inbox WorkerOperations::next_message() {
    if (me_.inbox.empty()) {
        ended_ = me_.flags.has(WorkerFlag::inbox_closed);
        if (ended_) give_kept_back();
        return ended_ ? Inbox::leave : Inbox::nothing;
    }
    const Item item = me_.inbox.pop_front();
    switch (item) {
        case Item::recheck:
            return Inbox::recheck;
        case Item::leave:
            give_kept_back();
            return Inbox::leave;
        case Item::replace_log:
            me_.flags.clear(WorkerFlag::must_replace_log);
            return Inbox::settled;
        default:
            give_kept_back();
            me_.hand = client_of(item);
            return Inbox::job;
    }
}

inline Found WorkerOperations::accept_request() {
    const Client client = state_.accept();
    if (client == nobody) return Found::none;
    if (!state_.head_sent(client)) {
        if (!state_.close_if_left(client)) state_.queue(me_.outbox, item_of(client));
        return Found::given_back;
    }
    give_kept_back();
    me_.hand = client;
    return Found::request;
}

inline void WorkerOperations::set_idle_bit() {
    // The master clears it before it sends whatever makes a worker come here again; but for a job ahead,
    // which may find a worker that has just become idle.
    if (me_.flags.has(WorkerFlag::idle) && !state_.lining.has(LineFlag::gave_ahead))
        state_.fault = Fault::bit_set_twice;
    me_.flags.set(WorkerFlag::idle);
}

inline Came WorkerOperations::wait() {
    switch (choice_) {
        case Choice::request:
            take_next_request();
            return Came::request;
        case Choice::time_out:
            give_kept_back();
            return Came::nothing;
        case Choice::usual:
        case Choice::leave:
        case Choice::keep:
            break;
    }
    // A connection first: perhaps this worker alone was told, and the job may take long.
    if (is_told_of_connection()) return Came::connection;
    return has_message() ? Came::message : Came::nothing;
}

inline Inbox WorkerOperations::receive() {
    if (choice_ != Choice::leave) return next_message();
    leave_of_own_accord();
    return Inbox::leave;
}

inline void WorkerOperations::hand_on() {
    state_.queue(me_.outbox, was_lent_connection() ? Item::kept : item_of(me_.hand));
    me_.hand = nobody;
}

inline bool WorkerOperations::serve_and_stay() {
    if (choice_ == Choice::keep) return true;
    if (has_kept_connection()) part_from_kept();
    if (!me_.flags.take(WorkerFlag::answer_ended)) answer_finally();
    if (choice_ == Choice::leave) leave_of_own_accord();
    return choice_ == Choice::usual;
}

inline void WorkerOperations::answer_finally() {
    if (me_.hand == nobody) {
        state_.fault = Fault::served_nobody;
        return;
    }
    const Client client = std::exchange(me_.hand, nobody);
    if (!state_.close_if_left(client)) {
        Fate& fate = state_.fate_of(client);
        if (fate != Fate::open) state_.fault = Fault::answered_twice;
        fate = Fate::over;
    }
    if (was_lent(client)) state_.queue(me_.outbox, Item::closed);
}

inline bool WorkerOperations::answer_comes_first() const {
    return me_.hand == slow_client && state_.fate[slow_client - 1] == Fate::open &&
           state_.slow.has(SlowClientFlag::asks_again) && !has_kept_connection();
}

inline void WorkerOperations::answer_and_keep() {
    state_.fate_of(slow_client) = Fate::idle;
    state_.slow.clear(SlowClientFlag::head_sent);
    me_.flags.set(WorkerFlag::answer_ended);
}

inline bool WorkerOperations::may_hand_on_early() const {
    return has_kept_connection();
}

inline bool WorkerOperations::may_linger() const {
    // That nobody waits in the line was looked at before this wait, and need not be true any more.
    return has_kept_connection() && was_lent(slow_client) && state_.head_sent(slow_client);
}

inline void WorkerOperations::part_from_kept() {
    state_.queue(me_.outbox, was_lent(slow_client) ? Item::kept : item_of(slow_client));
    me_.hand = nobody;
}

inline void WorkerOperations::give_kept_back() {
    if (!has_kept_connection()) return;
    part_from_kept();
    me_.flags.clear(WorkerFlag::answer_ended);
}

inline void WorkerOperations::leave_of_own_accord() {
    state_.chances.clear(Chance::control);
    me_.flags.set(WorkerFlag::must_leave);
}

}  // namespace phalanx::link::model

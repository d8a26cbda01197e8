#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "handshake_master_operations.hpp"
#include "handshake_symmetry.hpp"

namespace phalanx::link::model {

enum class Action : std::uint8_t {
    worker_step,
    worker_leaves,     ///< after its last request, or out of its wait
    worker_signalled,  ///< told to leave by a signal, whose handler closes the inbox
    worker_killed,
    worker_stopped,
    worker_continued,
    worker_answers,   ///< and keeps the connection
    worker_hands_on,  ///< the kept connection, while its script goes on
    worker_lingers,   ///< until the next request has come
    worker_keeps,     ///< the connection, for its wait
    worker_sees_request,
    worker_gives_back,
    master_step,
    store_line,
    listener_readable,
    wakeup_readable,
    worker_died,
    check_job,
    message_from_worker,
    parked_ready,
    parked_left,
    mode_changed,
    job_goes_ahead,  ///< to a busy worker
    channel_is_full,
    spared_asked_again,
    line_grows,  ///< no worker is idle and the pool may grow: LINE
    line_looked_at,
    listener_looked_at,  ///< unasked
    idle_looked_at,      ///< with the timer of the mode
    order_leave,
    order_log,
    client_connects,
    client_is_kept,
    client_sends_head,
    client_asks_again,
    client_leaves,
};

/// Nothing may depend on it: a worker that is stopped may stay so for ever, a client need not do more, and
/// how the mode is decided is no part of the hand-shake.
[[nodiscard]] constexpr bool may_never_come(Action action) {
    return action == Action::worker_continued || action == Action::mode_changed ||
           action == Action::client_asks_again || action == Action::client_leaves;
}

/// One atomic step of somebody, and where it leads.
struct Successor {
    Action action;
    std::uint8_t who;  ///< worker, or client, that it is about
    State state;
    Renamed renamed;
};

/// The dispatcher, its workers, their clients and their accidents: all that can happen next in a state.
///
/// Clients 1 and 2 are alike, so 2 connects after 1. Handling of a death is one step: nobody else touches
/// what a dead worker leaves. A new worker takes the place of each that ended.
class System {
  public:
    explicit System(const Variant& variant) : variant_(variant) {}

    [[nodiscard]] static State initial(std::initializer_list<Chance> chances);
    /// In place of what `found` holds.
    void successors(const State& state, std::vector<Successor>& found) const;

    /// Empty, or what is wrong with the state whatever comes next.
    [[nodiscard]] static std::string_view fault(const State& state);
    /// Empty, or what is wrong if nothing ever happens again.
    [[nodiscard]] static std::string_view fault_at_end(const State& state);

  private:
    void add_worker_steps(const State& state, std::uint8_t index, std::vector<Successor>& found) const;
    struct Decision {
        Action action;
        Choice choice;
    };
    void add_worker_step(const State& state, std::uint8_t index, Decision decision,
                         std::vector<Successor>& found) const;
    /// What comes before serve_and_stay can return; false: not all of it has come.
    bool add_serving_steps(const State& state, std::uint8_t index, std::vector<Successor>& found) const;
    /// What an idle worker waits for.
    void add_waiting_steps(const State& state, std::uint8_t index, std::vector<Successor>& found) const;
    void add_accidents(const State& state, std::uint8_t index, std::vector<Successor>& found) const;
    void add_client_steps(const State& state, std::vector<Successor>& found) const;
    static void add_connection(const State& state, Client client, std::vector<Successor>& found);
    void add_master_steps(const State& state, std::vector<Successor>& found) const;
    void add_master_events(const State& state, std::vector<Successor>& found) const;
    void add_timers(const State& state, std::vector<Successor>& found) const;
    void add_line_events(const State& state, std::vector<Successor>& found) const;
    void add_worker_events(const State& state, std::uint8_t index, std::vector<Successor>& found) const;

    void take_from_outbox(State& state, std::uint8_t index) const;
    void run_master(State& state, MasterChoice choice) const;
    void drain_for_check(State& state) const;
    void bury(State& state, std::uint8_t index) const;

    Variant variant_;
};

/// In words, for the trace of a fault.
[[nodiscard]] std::string describe(const Successor& step);
[[nodiscard]] std::string describe(const State& state);

}  // namespace phalanx::link::model

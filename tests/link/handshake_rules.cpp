#include <fmt/format.h>

#include "handshake_system.hpp"

namespace phalanx::link::model {
namespace {

/// Says in how many places the client is.
class Census {
  public:
    explicit Census(const State& state) {
        count(state.backlog);
        count(state.line);
        count(state.job);
        if (state.slow.has(SlowClientFlag::parked)) count(slow_client);
        for (const Worker& worker : state.worker) {
            count(worker.inbox);
            count(worker.outbox);
            count(worker.hand);
        }
    }
    [[nodiscard]] unsigned places_of(Client client) const { return places_[client]; }

  private:
    void count(Client client) { ++places_[client]; }
    void count(const Fifo& fifo) {
        for (std::uint8_t i = 0; i < 4; ++i) count(client_of(fifo.at(i)));
    }
    unsigned places_[clients + 1] = {};
};

std::string_view fault_of_worker_at_end(const Worker& worker) {
    if (worker.life == Life::dead) return "a death was not handled";
    if (worker.life == Life::stopped) return {};
    if (worker.flags.has(WorkerFlag::must_leave)) return "a worker that should leave is still there";
    if (worker.flags.has(WorkerFlag::must_replace_log)) return "a control message was lost";
    if (worker.step != WorkerStep::wait && worker.step != WorkerStep::receive) return "a worker is stuck";
    if (!worker.flags.has(WorkerFlag::idle)) return "a worker waits unannounced";
    if (!worker.flags.has(WorkerFlag::eligible)) return "the master has forgotten a worker";
    return {};
}

/// A client may wait for ever for workers that are all stopped, but where the master sees it: in the line, or
/// in the kernel's queue where the master leaves that to the workers.
std::string_view fault_of_client_at_end(const State& state, Client client) {
    const Fate fate = state.fate[client - 1];
    if (fate != Fate::open && fate != Fate::left) return {};
    bool all_stopped = true;
    for (const Worker& worker : state.worker) {
        if (worker.life == Life::stopped && worker.hand == client) return {};
        all_stopped = all_stopped && worker.life == Life::stopped;
    }
    const bool in_backlog = state.backlog.holds(item_of(client));
    if (in_backlog && state.lining.has(LineFlag::line_mode))
        return "LINE leaves a client in the kernel's queue";
    if (in_backlog && all_stopped) return {};
    if (fate == Fate::left) return "a client that has left stays in the line";
    return all_stopped && state.line.holds(item_of(client)) ? "" : "a client waits for ever";
}

constexpr std::string_view item_names[] = {"-",     "1",   "2",     "3",    "recheck",
                                           "leave", "log", "hello", "kept", "closed"};
constexpr std::string_view worker_steps[] = {
    "check_control", "drain_control", "check_line",   "check_watch", "accept",  "announce_idle",
    "check_wake",    "check_need",    "check_others", "wake_master", "let_go",  "wait",
    "receive",       "accept_idle",   "check_door",   "claim",       "hand_on", "serve",
    "close_inbox",   "drain_inbox",   "serve_last",   "gone"};
constexpr std::string_view master_steps[] = {
    "look_for_idle",  "find_job",   "take_idle",  "put_back",           "send_job",
    "watch_listener", "clear_wake", "check_rest", "line_up_or_unwatch", "give_ahead",
    "count_ahead",    "set_wake",   "look_again", "clear_wake_again",   "asleep"};
constexpr std::string_view task_names[] = {
    "pump",     "clear_wake_when_woken", "drain_for_check", "send_recheck", "send_leave",
    "send_log", "count_control"};
constexpr std::string_view action_names[] = {"worker {} steps",
                                             "worker {} decides to leave",
                                             "worker {} is signalled to leave",
                                             "worker {} is killed",
                                             "worker {} is stopped",
                                             "worker {} goes on",
                                             "worker {} answers",
                                             "worker {} hands on early",
                                             "worker {} takes the next request",
                                             "worker {} keeps a connection",
                                             "worker {} sees the next request",
                                             "worker {} waits no longer for the next request",
                                             "master steps",
                                             "master stores line",
                                             "master sees the listener",
                                             "master is woken",
                                             "master buries worker {}",
                                             "master checks worker {}",
                                             "master hears worker {}",
                                             "client {} is ready",
                                             "parked client {} has left",
                                             "the mode changes",
                                             "worker {} gets a job ahead",
                                             "worker {} cannot be sent a job",
                                             "master asks again whom it has spared",
                                             "the pool may grow",
                                             "master looks at the line",
                                             "master looks at the listener unasked",
                                             "master looks because somebody is idle",
                                             "worker {} is to leave",
                                             "worker {} gets a log",
                                             "client {} connects",
                                             "client {} is kept",
                                             "client {} sends its head",
                                             "client {} asks again",
                                             "client {} leaves"};
constexpr std::string_view lives[] = {"", " STOPPED", " DEAD"};
constexpr std::string_view fates[] = {"absent", "open", "idle", "left", "over"};

template <typename Enum>
std::size_t index_of(Enum value) {
    return static_cast<std::size_t>(value);
}

std::string describe(const Fifo& fifo) {
    std::string text = "[";
    for (std::uint8_t i = 0; i < fifo.size(); ++i) {
        text += fmt::format("{}{}", i == 0 ? "" : " ", item_names[index_of(fifo.at(i))]);
    }
    return text + "]";
}

std::string describe(const Worker& worker) {
    const auto& flags = worker.flags;
    return fmt::format("{}{}{}{}{}{} inbox={} outbox={} hand={}", worker_steps[index_of(worker.step)],
                       lives[index_of(worker.life)], flags.has(WorkerFlag::idle) ? " idle" : "",
                       flags.has(WorkerFlag::eligible) ? " eligible" : "",
                       flags.has(WorkerFlag::control_changed) ? " control" : "",
                       flags.has(WorkerFlag::inbox_closed) ? " closed" : "", describe(worker.inbox),
                       describe(worker.outbox), worker.hand);
}

}  // namespace

std::string_view System::fault(const State& state) {
    switch (state.fault) {
        case Fault::none:
            break;
        case Fault::answered_twice:
            return "a client was answered twice";
        case Fault::served_nobody:
            return "a worker serves without a request";
        case Fault::bit_set_twice:
            return "a worker announces itself a second time";
        case Fault::queue_overflow:
            return "a queue has grown beyond its bound";
        case Fault::not_lent:
            return "a note is about a connection that its worker has not been lent";
        case Fault::closed_unheld:
            return "a connection was closed that its worker no longer had";
    }
    const Census census(state);
    for (Client client = 1; client <= clients; ++client) {
        const Fate fate = state.fate[client - 1];
        const unsigned expected = fate == Fate::open || fate == Fate::idle || fate == Fate::left ? 1 : 0;
        if (census.places_of(client) > expected) return "a client is in two places";
        if (census.places_of(client) < expected) return "a client was lost";
    }
    return {};
}

std::string_view System::fault_at_end(const State& state) {
    for (const Worker& worker : state.worker) {
        if (const auto wrong = fault_of_worker_at_end(worker); !wrong.empty()) return wrong;
    }
    for (Client client = 1; client <= clients; ++client) {
        if (const auto wrong = fault_of_client_at_end(state, client); !wrong.empty()) return wrong;
    }
    return {};
}

std::string describe(const Successor& step) {
    return fmt::format(fmt::runtime(action_names[index_of(step.action)]), step.who) +
           (step.renamed.workers ? " (workers 0 and 1 change names)" : "") +
           (step.renamed.clients ? " (clients 1 and 2 change names)" : "");
}

std::string describe(const State& state) {
    std::string text;
    for (std::size_t i = 0; i < workers; ++i) {
        text += fmt::format("    worker {}: {}\n", i, describe(state.worker[i]));
    }
    text += fmt::format(
        "    master: {} {} job={} line={} (stored {}) wake={} eventfd={} watching={} {} backlog={} parked={} "
        "lent to={} told:{}{}{}\n    clients:",
        task_names[index_of(state.task)], master_steps[index_of(state.step)], state.job, describe(state.line),
        state.line_word, state.shared.has(SharedFlag::wake), state.shared.has(SharedFlag::eventfd),
        state.shared.has(SharedFlag::watching), state.lining.has(LineFlag::line_mode) ? "LINE" : "REFILL",
        describe(state.backlog), state.slow.has(SlowClientFlag::parked), int{state.lent_to} - 1,
        state.told.has(Told::worker_0) ? " 0" : "", state.told.has(Told::worker_1) ? " 1" : "",
        state.told.has(Told::master) ? " master" : "");
    for (const Fate fate : state.fate) text += fmt::format(" {}", fates[index_of(fate)]);
    return text;
}

}  // namespace phalanx::link::model

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
    if (worker.step != WorkerStep::receive) return "a worker is stuck";
    if (!worker.flags.has(WorkerFlag::idle)) return "a worker waits unannounced";
    if (!worker.flags.has(WorkerFlag::eligible)) return "the master has forgotten a worker";
    return {};
}

constexpr std::string_view item_names[] = {"-", "1", "2", "3", "recheck", "leave", "log", "hello"};
constexpr std::string_view worker_steps[] = {"check_control", "drain_control", "check_line",  "accept",
                                             "announce_idle", "check_wake",    "wake_master", "receive",
                                             "serve",         "close_inbox",   "drain_inbox", "serve_last",
                                             "gone"};
constexpr std::string_view master_steps[] = {
    "look_for_idle",      "find_job", "clear_idle", "send_job",         "watch_listener", "clear_wake",
    "line_up_or_unwatch", "set_wake", "look_again", "clear_wake_again", "asleep"};
constexpr std::string_view task_names[] = {
    "pump",     "clear_wake_when_woken", "drain_for_check", "send_recheck", "send_leave",
    "send_log", "count_control"};
constexpr std::string_view action_names[] = {
    "worker {} steps",        "worker {} decides to leave", "worker {} is signalled to leave",
    "worker {} is killed",    "worker {} is stopped",       "worker {} goes on",
    "master steps",           "master stores line",         "master sees the listener",
    "master is woken",        "master buries worker {}",    "master checks worker {}",
    "master hears worker {}", "client {} is ready",         "new clients join the line",
    "worker {} is to leave",  "worker {} gets a log",       "client {} connects",
    "client {} is kept",      "client {} sends its head"};
constexpr std::string_view lives[] = {"", " STOPPED", " DEAD"};
constexpr std::string_view fates[] = {"absent", "open", "answered", "failed"};

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
    }
    const Census census(state);
    for (Client client = 1; client <= clients; ++client) {
        const unsigned expected = state.fate[client - 1] == Fate::open ? 1 : 0;
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
        if (state.fate[client - 1] != Fate::open) continue;
        bool in_stopped_hands = false;
        for (const Worker& worker : state.worker) {
            in_stopped_hands = in_stopped_hands || (worker.life == Life::stopped && worker.hand == client);
        }
        if (!in_stopped_hands) return "a client waits for ever";
    }
    return {};
}

std::string describe(const Successor& step) {
    return fmt::format(fmt::runtime(action_names[index_of(step.action)]), step.who);
}

std::string describe(const State& state) {
    std::string text;
    for (std::size_t i = 0; i < workers; ++i) {
        text += fmt::format("    worker {}: {}\n", i, describe(state.worker[i]));
    }
    text += fmt::format(
        "    master: {} {} job={} line={} (stored {}) wake={} eventfd={} watching={} backlog={} parked={}\n  "
        "  "
        "clients:",
        task_names[index_of(state.task)], master_steps[index_of(state.step)], state.job, describe(state.line),
        state.line_word, state.shared.has(SharedFlag::wake), state.shared.has(SharedFlag::eventfd),
        state.shared.has(SharedFlag::watching), describe(state.backlog),
        state.slow.has(SlowClientFlag::parked));
    for (const Fate fate : state.fate) text += fmt::format(" {}", fates[index_of(fate)]);
    return text;
}

}  // namespace phalanx::link::model

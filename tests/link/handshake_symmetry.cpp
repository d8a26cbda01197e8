#include "handshake_symmetry.hpp"

#include <cstring>
#include <utility>

namespace phalanx::link::model {
namespace {

Client twin_of(Client client) {
    if (client == nobody || client == slow_client) return client;
    return static_cast<Client>(slow_client - client);
}

void exchange_clients(State& state) {
    std::swap(state.fate[0], state.fate[1]);
    state.job = twin_of(state.job);
    for (Fifo* const fifo : {&state.backlog, &state.line}) fifo->exchange_clients_1_and_2();
    for (Worker& worker : state.worker) {
        worker.hand = twin_of(worker.hand);
        worker.inbox.exchange_clients_1_and_2();
        worker.outbox.exchange_clients_1_and_2();
    }
}

void exchange_workers(State& state) {
    std::swap(state.worker[0], state.worker[1]);
    if (state.has_subject()) state.subject = static_cast<std::uint8_t>(1 - state.subject);
    if (state.lent_to != 0) state.lent_to = static_cast<std::uint8_t>(workers + 1 - state.lent_to);
    const bool told_0 = state.told.take(Told::worker_0);
    if (state.told.take(Told::worker_1)) state.told.set(Told::worker_0);
    if (told_0) state.told.set(Told::worker_1);
    const bool spared_0 = state.lining.take(LineFlag::spared_0);
    if (state.lining.take(LineFlag::spared_1)) state.lining.set(LineFlag::spared_0);
    if (spared_0) state.lining.set(LineFlag::spared_1);
}

void forget_what_does_not_matter(State& state) {
    // Where the subject matters no more it is worker 0.
    if (!state.has_subject()) state.subject = 0;
    if (state.fate_of(slow_client) == Fate::over) state.slow = {};
    bool all_over = true;
    for (const Fate fate : state.fate) all_over = all_over && fate == Fate::over;
    if (all_over) state.chances.clear(Chance::hang_up);
}

}  // namespace

Renamed make_canonical(State& state) {
    forget_what_does_not_matter(state);
    Renamed renamed;
    const State original = state;
    const bool clients_are_alike = state.fate[0] != Fate::absent && state.fate[1] != Fate::absent;
    const bool workers_are_alike = state.door_workers != 1;
    for (unsigned names = 1; names < 4; ++names) {
        const Renamed tried{(names & 1U) != 0, (names & 2U) != 0};
        if ((tried.clients && !clients_are_alike) || (tried.workers && !workers_are_alike)) continue;
        State other = original;
        if (tried.clients) exchange_clients(other);
        if (tried.workers) exchange_workers(other);
        if (std::memcmp(&other, &state, sizeof state) >= 0) continue;
        state = other;
        renamed = tried;
    }
    return renamed;
}

}  // namespace phalanx::link::model

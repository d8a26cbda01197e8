#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "phalanx/link/master_side.hpp"
#include "phalanx/link/worker_side.hpp"

namespace phalanx::link::model {

inline constexpr std::size_t workers = 2;
inline constexpr std::size_t clients = 3;

/// Clients are numbered 1..3 so that 0 can say "nobody". 1 and 2 connect with their request's head; 3 sends
/// its head whenever it likes and may also be a kept-alive connection that the master holds, with one more
/// request after the first.
using Client = std::uint8_t;
inline constexpr Client nobody = 0;
inline constexpr Client slow_client = 3;

/// What lies in a queue: a client's connection, or one of the messages without one.
enum class Item : std::uint8_t {
    none,
    client_1,
    client_2,
    client_3,
    recheck,
    leave,
    replace_log,
    hello,
    kept,   ///< client 3's connection, which the master holds too, is free again
    closed  ///< it has been closed
};

[[nodiscard]] constexpr Item item_of(Client client) {
    return static_cast<Item>(client);
}
[[nodiscard]] constexpr Client client_of(Item item) {
    if (item == Item::kept) return slow_client;
    return item <= Item::client_3 ? static_cast<Client>(item) : nobody;
}

/// A queue of up to four items in 16 bits, the first one in the lowest.
class Fifo {
  public:
    [[nodiscard]] bool empty() const { return nibbles_ == 0; }
    [[nodiscard]] std::uint8_t size() const {
        return static_cast<std::uint8_t>((static_cast<unsigned>(std::bit_width(nibbles_)) + 3U) / 4U);
    }
    [[nodiscard]] bool full() const { return size() == 4; }
    void push_back(Item item) { put(nibbles_ | unsigned{static_cast<std::uint8_t>(item)} << 4U * size()); }
    void push_front(Item item) {
        put(static_cast<unsigned>(nibbles_) << 4U | static_cast<std::uint8_t>(item));
    }
    /// none when there is nothing.
    Item pop_front() {
        const auto first = static_cast<Item>(nibbles_ & 0xFU);
        put(static_cast<unsigned>(nibbles_) >> 4U);
        return first;
    }
    [[nodiscard]] bool holds_client() const {
        for (std::uint8_t i = 0; i < 4; ++i) {
            if (client_of(at(i)) != nobody) return true;
        }
        return false;
    }
    [[nodiscard]] bool holds(Item item) const {
        return at(0) == item || at(1) == item || at(2) == item || at(3) == item;
    }
    /// Each of the two becomes the other.
    void exchange_clients_1_and_2() {
        const unsigned all = nibbles_;
        const unsigned ones = (all ^ all >> 1U) & ~(all >> 2U) & ~(all >> 3U) & 0x1111U;
        put(all ^ (ones | ones << 1U));
    }
    void remove(Item item) {
        Fifo rest;
        while (!empty()) {
            if (const Item next = pop_front(); next != item) rest.push_back(next);
        }
        *this = rest;
    }
    [[nodiscard]] Item at(std::uint8_t index) const {
        return static_cast<Item>(static_cast<unsigned>(nibbles_) >> 4U * index & 0xFU);
    }

  private:
    void put(unsigned nibbles) { nibbles_ = static_cast<std::uint16_t>(nibbles); }
    std::uint16_t nibbles_ = 0;
};

/// A set of flags out of an enum whose values are single bits.
template <typename Flag>
class Flags {
  public:
    [[nodiscard]] bool has(Flag flag) const { return (bits_ & static_cast<std::uint8_t>(flag)) != 0; }
    void set(Flag flag) { bits_ = static_cast<std::uint8_t>(bits_ | static_cast<std::uint8_t>(flag)); }
    void clear(Flag flag) { bits_ = static_cast<std::uint8_t>(bits_ & ~static_cast<std::uint8_t>(flag)); }
    /// Clears it and says whether it was set.
    bool take(Flag flag) {
        const bool had = has(flag);
        clear(flag);
        return had;
    }

  private:
    std::uint8_t bits_ = 0;
};

enum class Life : std::uint8_t { running, stopped, dead };

enum class WorkerFlag : std::uint8_t {
    idle = 1,               ///< shared: its bit in WorkersPage
    control_changed = 2,    ///< shared: MasterPage::control differs from what the worker read last
    inbox_closed = 4,       ///< kernel: SHUT_RD was called on the worker's end
    eligible = 8,           ///< master: said hello, is not leaving
    must_leave = 16,        ///< property: has to come to its end
    must_replace_log = 32,  ///< property: has to carry that message out
    check_forgotten = 64,   ///< master, in a mutant: takes the last job for taken
    answer_ended = 128      ///< worker: after the answer on a connection that is kept
};

struct Worker {
    Fifo inbox;   ///< master -> worker
    Fifo outbox;  ///< worker -> master: hello, connections given back, notes about those it was lent
    WorkerStep step = WorkerStep::check_control;
    Life life = Life::running;
    Client hand = nobody;
    Flags<WorkerFlag> flags;
};

/// What the master is at: its pump (MasterStep says where), or the handling of an event before the pump.
enum class MasterTask : std::uint8_t {
    pump,
    clear_wake_when_woken,
    drain_for_check,
    send_recheck,
    send_leave,
    send_log,
    count_control,
};

enum class SharedFlag : std::uint8_t {
    wake = 1,            ///< shared: MasterPage::wake
    eventfd = 2,         ///< kernel: the wake-up descriptor is readable
    watching = 4,        ///< kernel: the listener is in the master's epoll set
    line_changed = 8,    ///< master: MasterPage::line is to be stored next
    job_came_back = 16,  ///< master: this check took a job out of the inbox
    leave_came_back = 32,
    log_came_back = 64,
    uncounted = 128  ///< master: messages went back behind the worker's last look at its inbox
};

enum class LineFlag : std::uint8_t {
    line_mode = 1,     ///< master: LINE, else REFILL
    looked_after = 2,  ///< master: the timer of its looks at who has left the line runs
    gave_ahead = 4,    ///< property: a worker has been given a job that it had not asked for
    spared_0 = 8,      ///< master: worker 0 gets nothing for a moment, because its channel was full
    spared_1 = 16
};

[[nodiscard]] constexpr LineFlag spared_worker(std::size_t index) {
    return index == 0 ? LineFlag::spared_0 : LineFlag::spared_1;
}

enum class Fate : std::uint8_t {
    absent,
    open,  ///< waits for an answer
    idle,  ///< has one, keeps its connection
    left,  ///< has closed its end while somebody had the other
    over   ///< answered, or lost with the worker that served it, or left and closed here too
};

/// Whom the kernel has told that somebody has connected: each waits for that with an epoll set of its own,
/// and of those that are exclusive one is told.
enum class Told : std::uint8_t {
    worker_0 = 1,
    worker_1 = 2,
    master = 4  ///< or a reason of its own to look at the listener that it watches
};

[[nodiscard]] constexpr Told told_worker(std::size_t index) {
    return index == 0 ? Told::worker_0 : Told::worker_1;
}

/// What may still happen, once each.
enum class Chance : std::uint8_t {
    crash = 1,         ///< SIGKILL of a worker
    stop = 2,          ///< SIGSTOP of a worker
    control = 4,       ///< the master sends `leave` or `replace_log`, or a worker leaves for another reason
    hang_up = 8,       ///< a client leaves before it has its answer
    ahead = 16,        ///< the master gives a busy worker a job ahead
    long_script = 32,  ///< a worker is at its script for ever, which to the others is the same as a stop
    full = 64          ///< a worker's channel takes no job: for want of room, or of the kernel's memory
};

enum class SlowClientFlag : std::uint8_t {
    head_sent = 1,
    parked = 2,
    asks_again = 4  ///< keeps its connection for one more request
};

/// A rule that was broken on the way into a state.
enum class Fault : std::uint8_t {
    none,
    answered_twice,
    served_nobody,
    bit_set_twice,
    queue_overflow,
    not_lent,      ///< a note about a connection that its sender has not been lent
    closed_unheld  ///< a dead worker's connection was closed that it did not have any more
};

/// Everything the processes, the kernel and the clients know.
struct State {
    Worker worker[workers];
    Fifo backlog;
    Fifo line;
    std::uint8_t line_word = 0;  ///< shared: MasterPage::line
    Flags<SharedFlag> shared;
    MasterTask task = MasterTask::pump;
    MasterStep step = MasterStep::look_for_idle;
    std::uint8_t subject = 0;  ///< the worker that the master's present step is about, if it has one
    Client job = nobody;       ///< in the master's hand
    Fate fate[clients] = {};
    Flags<SlowClientFlag> slow;
    std::uint8_t lent_to = 0;             ///< master: the worker that has client 3's connection, + 1
    std::uint8_t door_workers = workers;  ///< so many, the first ones, wait at the door
    Flags<Told> told;
    Flags<LineFlag> lining;
    Flags<Chance> chances;
    Fault fault = Fault::none;

    [[nodiscard]] Fate& fate_of(Client client) { return fate[client - 1]; }
    [[nodiscard]] bool head_sent(Client client) const {
        return client != slow_client || slow.has(SlowClientFlag::head_sent);
    }
    /// Whoever finds the connection closed closes its own end.
    bool close_if_left(Client client) {
        if (fate_of(client) != Fate::left) return false;
        fate_of(client) = Fate::over;
        return true;
    }
    [[nodiscard]] bool has_subject() const {
        return task != MasterTask::pump || step == MasterStep::find_job || step == MasterStep::take_idle ||
               step == MasterStep::send_job || step == MasterStep::count_ahead;
    }
    /// A worker with a kept connection in its hand waits for that instead.
    [[nodiscard]] bool is_at_door(std::size_t index) const {
        return index < door_workers && worker[index].hand == nobody;
    }
    Client accept() {
        const Client client = client_of(backlog.pop_front());
        // Whoever was told finds nobody and forgets it when he looks. Here he does at once: to be told of the
        // next one for that reason alone could only hide a fault.
        if (backlog.empty()) told = {};
        return client;
    }
    /// For this process: its watch of the listener begins.
    void tell_if_somebody_is_there(Told who) {
        if (!backlog.empty()) told.set(who);
    }
    void queue(Fifo& fifo, Item item) {
        if (fifo.full()) fault = Fault::queue_overflow;
        fifo.push_back(item);
    }
};
static_assert(sizeof(State) == 36 && std::has_unique_object_representations_v<State>,
              "states are hashed and compared as bytes");

}  // namespace phalanx::link::model

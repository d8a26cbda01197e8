#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event_loop.hpp"
#include "phalanx/base/clock.hpp"
#include "phalanx/base/ids.hpp"
#include "phalanx/fastcgi/head_scanner.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::master {

/// A request that can be given to a worker: either a connection the master keeps a duplicate of (`held`) or
/// one that goes out of its hands with the job (`fd`).
struct Job {
    os::UniqueFd fd;
    std::optional<link::ConnectionId> held;
    std::string bytes;  ///< read from the connection already
};

/// Is told of a parked connection whose next request's head has arrived.
class JobTaker {
  public:
    virtual void take_job(Job job) = 0;
    /// A parked connection was given up: the reason in words.
    virtual void connection_ended(const char* reason) = 0;

  protected:
    ~JobTaker() = default;
};

/// Whether a connection has had a request answered: then it may be silent between two.
enum class Served : std::uint8_t { no, yes };

/// The connections of one pool that the master looks after: those whose request head is not complete (silent,
/// slow and idle kept-alive ones) and, disarmed, duplicates of kept-alive ones that a worker has. Not the
/// line: a connection that is ready leaves as a Job.
class ConnectionTable {
  public:
    ConnectionTable(EventLoop& loop, JobTaker& taker);
    ~ConnectionTable();
    ConnectionTable(const ConnectionTable&) = delete;
    ConnectionTable& operator=(const ConnectionTable&) = delete;

    /// The first look at a connection just accepted: a Job if its head is here, else it is parked.
    [[nodiscard]] std::optional<Job> admit(os::UniqueFd fd);
    /// Parks a connection that a worker accepted, with what it had read of it. It may become a Job right
    /// away.
    void park(os::UniqueFd fd, Served served, std::string bytes);

    /// A job was sent: a worker has the held connection now.
    void lend(link::ConnectionId id, base::WorkerSlot holder);
    /// The job was taken back before the worker had seen it.
    void reclaim(link::ConnectionId id);
    /// The job is not for a worker: its connection leaves the table. Empty when it is gone.
    [[nodiscard]] os::UniqueFd release(link::ConnectionId id);
    /// The job cannot be served: its connection is closed.
    void drop(link::ConnectionId id);
    /// The worker is done with the held connection: it is parked again, or closed. False: it never had it.
    [[nodiscard]] bool give_back(link::ConnectionId id, base::WorkerSlot holder, bool closed,
                                 std::string bytes);
    /// The worker has died: the connections it held leave the table.
    [[nodiscard]] std::vector<os::UniqueFd> release_held_by(base::WorkerSlot holder);
    /// The worker has died: what it held is closed.
    void close_held_by(base::WorkerSlot holder);
    /// The held connection's descriptor, -1 when it is gone.
    [[nodiscard]] int fd_of(link::ConnectionId id) const;
    /// Ends all parked connections (stop).
    void close_parked();
    /// Parks them at the pool's next generation instead.
    void move_parked_to(ConnectionTable& heir);
    /// A connection that was part of a job of the former generation's and is to be part of one here.
    [[nodiscard]] link::ConnectionId hold(os::UniqueFd fd);

  private:
    class Entry;
    [[nodiscard]] Entry* find(link::ConnectionId id) const;
    Entry& create(os::UniqueFd fd);
    void remove(Entry& entry);
    void read_more(Entry& entry);
    void judge(Entry& entry);
    void wait_for_more(Entry& entry);
    void watch_deadline(Entry& entry);
    void check_deadlines();

    EventLoop& loop_;
    JobTaker& taker_;
    std::vector<std::unique_ptr<Entry>> entries_;
    std::vector<std::uint32_t> generations_;
    std::vector<std::uint32_t> free_;
    std::size_t buffered_bytes_ = 0;
    struct Deadline {
        base::MonotonicTime at;
        link::ConnectionId id;
        std::uint32_t wait;
    };
    std::deque<Deadline> deadlines_;  ///< all waits are equally long, so the oldest is first
    Timer deadline_timer_;
};

}  // namespace phalanx::master

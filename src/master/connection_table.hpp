#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client_log.hpp"
#include "connection_heir.hpp"
#include "deadlines.hpp"
#include "event_loop.hpp"
#include "job.hpp"
#include "phalanx/base/ids.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/fastcgi/head_scanner.hpp"
#include "phalanx/status/line_page.hpp"

namespace phalanx::master {

/// Is told of a parked connection whose next request's head has arrived.
class JobTaker {
  public:
    virtual void take_job(Job job) = 0;
    /// Whether a request asks for a page that the taker gives itself; `head` is the request's, whole.
    [[nodiscard]] virtual bool is_own_page(std::string_view head) = 0;

  protected:
    ~JobTaker() = default;
};

/// The connections of one pool that the master looks after: those whose request head is not complete (silent,
/// slow and idle kept-alive ones) and, disarmed, duplicates of kept-alive ones that a worker has. Not the
/// line: a connection that is ready leaves as a Job.
class ConnectionTable {
  public:
    /// What a table has from its pool, which outlives it.
    struct Surroundings {
        EventLoop& loop;
        const config::PoolSettings& settings;
        ConnectionShare& share;
        ClientLog& log;
        status::LinePage& page;  ///< where the numbers of parked and idle connections are told
    };
    ConnectionTable(const Surroundings& around, JobTaker& taker);
    ~ConnectionTable();
    ConnectionTable(const ConnectionTable&) = delete;
    ConnectionTable& operator=(const ConnectionTable&) = delete;

    /// The first look at a connection just accepted: a Job if its head is here, else it is parked.
    [[nodiscard]] std::optional<Job> admit(os::UniqueFd fd);
    /// Parks a connection that a worker accepted, with what it had read of it; a Job if its head is here.
    /// Nothing also where there is no room for it: then it is closed.
    [[nodiscard]] std::optional<Job> take_in(PassedConnection connection);
    /// Closes the kept-alive connection that has been idle longest, if that is long. False: there is none.
    [[nodiscard]] bool make_room() { return close_idle_longest(std::chrono::seconds(1)); }

    /// A job was sent: a worker has the held connection now.
    void lend(link::ConnectionId id, base::WorkerSlot holder);
    /// The job was taken back before the worker had seen it: what the channel has lost of it is made anew.
    void take_back(Job& job);
    /// The job is not for a worker: its connection leaves the table. Empty when it is gone.
    [[nodiscard]] os::UniqueFd release(link::ConnectionId id);
    /// The worker is done with the held connection: it is parked again, or closed. False: it never had it.
    [[nodiscard]] bool give_back(link::ConnectionId id, base::WorkerSlot holder, bool closed,
                                 std::string bytes);
    /// The worker has it, by its own word and by ours.
    [[nodiscard]] bool is_lent_to(link::ConnectionId id, base::WorkerSlot holder) const;
    /// The worker has died: the connections it held leave the table.
    [[nodiscard]] std::vector<os::UniqueFd> release_held_by(base::WorkerSlot holder);
    /// The worker has died: what it held is closed.
    void close_held_by(base::WorkerSlot holder);
    /// The held connection's descriptor, -1 when it is gone.
    [[nodiscard]] int fd_of(link::ConnectionId id) const;
    /// Ends all parked connections (stop).
    void close_parked();
    /// All parked connections leave the table.
    [[nodiscard]] std::vector<PassedConnection> take_parked();
    /// Parks one that another generation of the pool had parked.
    void park(PassedConnection connection);
    /// A connection that was part of a job of the former generation's and is to be part of one here.
    [[nodiscard]] link::ConnectionId hold(os::UniqueFd fd);

  private:
    class Entry;
    enum class Place : std::uint8_t;
    [[nodiscard]] Entry* find(link::ConnectionId id) const;
    [[nodiscard]] Entry* find(const Deadlines::Wait& wait) const;
    Entry& create(os::UniqueFd fd);
    Entry& create(PassedConnection connection);
    void remove(Entry& entry);
    void close(Entry& entry, ClientEvent why);
    void move_to(Entry& entry, Place place);
    [[nodiscard]] bool close_idle_longest(std::chrono::milliseconds least);
    void read_more(Entry& entry);
    [[nodiscard]] std::optional<Job> read_head(Entry& entry);
    void judge(Entry& entry);
    [[nodiscard]] std::optional<Job> judge_head(Entry& entry);
    void drop_late_end(Entry& entry);
    void wait_for_more(Entry& entry);
    [[nodiscard]] Job describe(const fastcgi::HeadScanner& scanner, std::string_view head) const;

    Surroundings around_;
    JobTaker& taker_;
    std::vector<std::unique_ptr<Entry>> entries_;
    std::vector<std::uint32_t> generations_;
    std::vector<std::uint32_t> free_;
    std::size_t buffered_bytes_ = 0;
    Deadlines heads_;      ///< of connections whose request has to arrive
    Deadlines idle_ones_;  ///< of kept-alive connections between two requests
};

}  // namespace phalanx::master

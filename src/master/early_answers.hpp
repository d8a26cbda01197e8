#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "connection_share.hpp"
#include "event_loop.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::master {

/// Answers that the master itself gives, without a worker: sends each and closes its connection so that the
/// answer arrives. A server that answers and closes while its client still sends takes the answer back with
/// the reset that follows; so the end is told first, and what the client still sends is dropped until it
/// closes or has had its time. Everything in events, nothing in a wait.
class EarlyAnswers {
  public:
    EarlyAnswers(EventLoop& loop, ConnectionShare& share);
    ~EarlyAnswers();
    EarlyAnswers(const EarlyAnswers&) = delete;
    EarlyAnswers& operator=(const EarlyAnswers&) = delete;

    /// Takes the connection over. `answer` holds whole records, END_REQUEST the last.
    void send(os::UniqueFd connection, std::string answer);
    /// Takes over a client that has its answer, from a worker, and may still be sending the rest of a body
    /// that nobody wants: as long as something comes, within a longer bound.
    void drain(os::UniqueFd connection);
    [[nodiscard]] bool are_over() const { return open_ == 0; }

  private:
    class Entry;
    Entry* add(os::UniqueFd connection, std::string answer);
    void go_on(Entry& entry);
    void watch(Entry& entry, std::uint32_t events);
    void remove(Entry& entry);
    void look_for_late_ones();

    EventLoop& loop_;
    ConnectionShare& share_;
    std::vector<std::unique_ptr<Entry>> entries_;
    std::vector<std::size_t> free_;
    std::size_t open_ = 0;
    Timer timer_;
};

}  // namespace phalanx::master

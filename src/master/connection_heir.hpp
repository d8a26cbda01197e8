#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "job.hpp"

namespace phalanx::master {

class EarlyAnswers;

/// A connection as it goes from one holder to another, with what was read of it.
struct PassedConnection {
    os::UniqueFd fd;
    Served served = Served::no;
    std::string bytes;
    /// When its request joined the line, if it has.
    base::MonotonicTime since{};
    LinePlace place = LinePlace::back;
};

/// Who gets the connections of a dispatcher whose pool leaves: the dispatcher of the pool's next generation,
/// or, at an upgrade, the one in the process that succeeds this one.
class ConnectionHeir {
  public:
    /// Requests whose heads are here, in their order. None of their connections is held: those that were are
    /// marked (Job::comes_back).
    virtual void inherit_jobs(std::vector<Job> jobs, LinePlace place) = 0;
    /// A connection that was parked.
    virtual void inherit_parked(PassedConnection connection) = 0;
    /// A connection that a process has given back of its own accord: there may be too many of them.
    virtual void inherit_given(PassedConnection connection) = 0;
    /// See JobTaker.
    [[nodiscard]] virtual bool is_own_page(std::string_view head) = 0;
    /// Who gives the master's own answers from now on; nobody: the dispatcher that leaves goes on to.
    [[nodiscard]] virtual EarlyAnswers* heirs_answers() = 0;

  protected:
    ~ConnectionHeir() = default;
};

}  // namespace phalanx::master

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "event_loop.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/master/plan.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/process.hpp"

namespace phalanx::master {

/// What came of a trial. `foreign`: the program would start, but does not say that it can take this one's
/// place (upgrade_word): it is another one, or of a release that cannot.
enum class TrialOutcome : std::uint8_t { failed, passed, foreign };

struct TrialResult {
    TrialOutcome outcome = TrialOutcome::failed;
    os::UniqueFd tried;                  ///< for the start of the program, if it has passed (tried_variable)
    std::vector<std::string> addresses;  ///< at which it would listen (address_word)
};

/// Has another program say whether it would start with this configuration (-t), in a child, while the master
/// goes on serving. One trial at a time.
class ProgramTrial final : public ReadyHandler {
  public:
    using Done = std::function<void(TrialResult result)>;
    ProgramTrial(EventLoop& loop, log::ErrorLog& log) : loop_(loop), log_(log), timer_(loop) {}

    /// `arguments` are those of the start, the name included; `facts` are what the program will find when it
    /// is executed in this process. Calls `done` once, from the loop. What the program says goes to the log
    /// if it does not pass.
    void start(const std::string& program, std::vector<std::string> arguments,
               std::vector<std::string> environment, std::uint64_t file_limit, const MasterFacts& facts,
               Done done);
    [[nodiscard]] bool is_running() const { return static_cast<bool>(done_); }
    /// Nobody wants to know any more.
    void cancel();
    /// False: the child was none of the trial's.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);

    void on_ready(std::uint32_t events) override;

  private:
    void read();
    void say_what_it_said();
    void end_with(TrialOutcome outcome);

    EventLoop& loop_;
    log::ErrorLog& log_;
    std::string program_;
    Done done_;
    os::Child child_;
    os::UniqueFd output_;
    os::UniqueFd tried_;
    Watch watch_;
    std::string said_;
    Timer timer_;
};

}  // namespace phalanx::master

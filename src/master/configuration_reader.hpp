#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "event_loop.hpp"
#include "phalanx/config/load.hpp"
#include "phalanx/master/plan.hpp"
#include "phalanx/os/pidfd.hpp"
#include "phalanx/os/process.hpp"

namespace phalanx::master {

/// What came of reading the configuration anew: the plan, or none when something is wrong with it.
struct NewConfiguration {
    std::optional<Plan> plan;
    std::vector<config::Diagnostic> diagnostics;
};

/// Reads the configuration in a copy of the master, which may wait for files, name services and PHP, while
/// the master goes on serving. One reading at a time.
class ConfigurationReader final : public ReadyHandler {
  public:
    using Done = std::function<void(NewConfiguration)>;

    ConfigurationReader(EventLoop& loop, const Options& options, const MasterFacts& facts)
        : loop_(loop), options_(options), facts_(facts), timer_(loop) {}

    /// Calls `done` once, from the loop.
    void start(Done done);
    [[nodiscard]] bool is_reading() const { return static_cast<bool>(done_); }
    /// Nobody wants it any more.
    void cancel();
    /// False: the child was not the reader's.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);

    void on_ready(std::uint32_t events) override;

  private:
    void finish();
    void fail(std::string text);
    void end_with(NewConfiguration result);

    EventLoop& loop_;
    const Options& options_;
    const MasterFacts& facts_;
    Done done_;
    os::Child child_;
    os::UniqueFd answer_;
    Watch watch_;
    std::vector<std::byte> bytes_;
    Timer timer_;
};

}  // namespace phalanx::master

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "phalanx/os/execution.hpp"
#include "pool_surroundings.hpp"
#include "upgrade_channel.hpp"

namespace phalanx::master {

class FormerPool;

/// The link to the former master, a copy of this process that goes on with the program that ran here before
/// an upgrade (its partner: Successor). Its processes are this one's children. It is the forerunner of the
/// pools at whose addresses it serves. Owned by Master::Running; outlives the pools.
class FormerMaster {
  public:
    /// `passed` is what this program was executed with. `changed`: it has gone.
    FormerMaster(EventLoop& loop, PoolSurroundings& around, os::PassedDescriptor passed,
                 std::function<void()> changed);
    ~FormerMaster();
    FormerMaster(const FormerMaster&) = delete;
    FormerMaster& operator=(const FormerMaster&) = delete;

    /// Answers it, once the pools of this process exist. Those of its pools for which `is_followed` is false
    /// end.
    using IsFollowed = std::function<bool(const Forerunner&)>;
    [[nodiscard]] base::Result<void> start(const IsFollowed& is_followed);
    /// After a reload: the same.
    void retire_all_but(const IsFollowed& is_followed);
    /// False: the child was not the former master itself. It is told of the end of its own children.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);
    [[nodiscard]] bool lives() const { return lives_; }
    void signal(int number);
    /// What it has written its number to, which is this process's.
    [[nodiscard]] const std::string& pid_file() const { return pid_file_; }

  private:
    friend class FormerPool;
    [[nodiscard]] Forerunner* pool_at(const std::string& address) const;
    void read_announcement();
    void take(UpgradePacket packet);
    void add_pools(const UpgradePacket& packet);
    void ended();

    PoolSurroundings& around_;
    std::function<void()> changed_;
    UpgradeChannel channel_;
    pid_t pid_ = 0;
    os::UniqueFd pidfd_;
    std::vector<std::unique_ptr<FormerPool>> pools_;
    std::string pid_file_;
    std::size_t others_ = 0;  ///< living workers of no pool above
    bool lives_ = false;
    bool understood_ = false;
};

}  // namespace phalanx::master

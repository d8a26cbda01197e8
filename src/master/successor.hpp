#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "foster_children.hpp"
#include "pools.hpp"
#include "upgrade_channel.hpp"

namespace phalanx::master {

class AbsentHeir;

/// The former master's link to the process whose program was executed in its place at an upgrade (its
/// partner there: FormerMaster). It does what the successor says of each pool, sends along what comes back
/// from the workers, and tells what becomes of them. What it sends, and which pools it is about:
///
///   serving --yield--> serving, makes no workers --leave--> leaving --no process left--> over
///   serving, without any process --of itself--> leaving
class Successor {
  public:
    struct Parts {
        EventLoop& loop;
        Pools& pools;
        PoolSurroundings& around;
        pid_t pid;  ///< the successor's, and the parent of all that the pools have
        /// All is over, or the successor is gone.
        std::function<void()> changed;
    };
    Successor(Parts parts, os::UniqueFd socket);
    ~Successor();
    Successor(const Successor&) = delete;
    Successor& operator=(const Successor&) = delete;

    /// What the successor is told before it begins: hello, then each pool that serves. To be sent before the
    /// fork, by the one that will be executed. False: there is no room for it.
    [[nodiscard]] static bool announce(int socket, Pools& pools, const std::string& pid_file);

    [[nodiscard]] base::Result<void> start();
    /// Pools that cannot serve any more leave of themselves.
    void look();
    [[nodiscard]] bool is_there() const { return channel_.is_open(); }
    [[nodiscard]] bool has_all() const { return channel_.has_sent_all(); }

  private:
    friend class AbsentHeir;
    void take(UpgradePacket packet);
    void take_child_end(const UpgradePacket& packet);
    void child_ended(const os::ChildEnd& end);
    void drain();

    Parts parts_;
    UpgradeChannel channel_;
    FosterChildren children_;
    std::vector<std::unique_ptr<AbsentHeir>> heirs_;
};

}  // namespace phalanx::master

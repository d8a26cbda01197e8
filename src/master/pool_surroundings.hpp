#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connection_share.hpp"
#include "event_loop.hpp"
#include "foreign_descriptors.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/os/listen_queue.hpp"
#include "phalanx/os/listen_socket.hpp"
#include "phalanx/os/pidfd.hpp"
#include "start_messages.hpp"
#include "worker_lines.hpp"
#include "worker_quota.hpp"

namespace phalanx::master {

/// Ends of children that nobody has claimed yet: a worker may die before the master has read its hello.
class UnclaimedEnds {
  public:
    void add(const os::ChildEnd& end) {
        ends_.push_back(end);
        if (ends_.size() > most) ends_.pop_front();
    }
    [[nodiscard]] std::optional<os::ChildEnd> look_for(pid_t pid) const {
        const auto has_pid = [pid](const os::ChildEnd& end) { return end.pid == pid; };
        const auto found = std::find_if(ends_.begin(), ends_.end(), has_pid);
        return found != ends_.end() ? std::optional(*found) : std::nullopt;
    }
    [[nodiscard]] std::optional<os::ChildEnd> take(pid_t pid) {
        for (auto end = ends_.begin(); end != ends_.end(); ++end) {
            if (end->pid != pid) continue;
            const os::ChildEnd found = *end;
            ends_.erase(end);
            return found;
        }
        return std::nullopt;
    }

  private:
    static constexpr std::size_t most = 256;
    std::deque<os::ChildEnd> ends_;
};

class Forerunner;
class Pool;
struct PhpIdentity;

/// What all pools of a master share.
struct PoolSurroundings {
    EventLoop& loop;
    log::ErrorLog& log;
    UnclaimedEnds& unclaimed;
    os::ListenQueues& listen_queues;
    WorkerQuota& quota;
    ConnectionBudget connections;
    std::string worker_program;
    std::vector<std::string> environment;  ///< of the templates
    std::uint64_t file_limit = 0;          ///< soft RLIMIT_NOFILE of the templates
    std::size_t output_limit = 1024;       ///< log_limit
    std::function<void()> start_decided;   ///< a pool has become ready, or has failed to
    std::function<void()> worker_crashed;  ///< by a segmentation fault or a bus error
    /// Whether another pool listens at the same Unix socket.
    std::function<bool(const os::ListenSocket&)> is_shared{};
    /// Has the pool launched when its turn comes: only so many templates start at the same time.
    std::function<void(Pool&)> launch{};
    /// What a template of any pool with that worker program has told; none has yet: nothing.
    std::function<const PhpIdentity*(const std::string& program)> known_php = [](const std::string&) {
        return nullptr;
    };
    ForeignDescriptors foreign{};
    StartMessages start_messages{};
    WorkerLines worker_lines{log};
    /// In a former master (Successor): looks after a process that is not its child. False: there is no such
    /// process.
    std::function<bool(pid_t)> adopts{};
    [[nodiscard]] bool is_former_master() const { return static_cast<bool>(adopts); }
    /// Who serves in another process at the address of that name (FormerMaster); nobody: nothing.
    std::function<Forerunner*(const std::string&)> forerunner_at{};
};

}  // namespace phalanx::master

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "open_sockets.hpp"
#include "passed_sockets.hpp"
#include "phalanx/base/result.hpp"
#include "phalanx/master/plan.hpp"
#include "phalanx/os/pidfd.hpp"
#include "pool.hpp"
#include "pool_surroundings.hpp"

namespace phalanx::master {

/// All pools of the master: those of the present configuration and former generations that are on their way
/// out, some of which still serve in place of an heir that is not ready yet. Owned by Master.
class Pools {
  public:
    explicit Pools(PoolSurroundings& around);

    /// Sockets to look among, besides those that are open, before an address is bound.
    void take_passed(os::PassedSockets passed) { passed_.take(std::move(passed)); }
    /// What becomes of pools whose stamp is the plan's (which has one if reload.scope = changed).
    enum class Unchanged { stay, are_renewed };
    /// Makes the pools of a plan the present ones, each following the one that serves at its address.
    /// Error: an address or a file cannot be had; then nothing is changed and nothing left behind.
    [[nodiscard]] base::Result<void> change_to(std::vector<PoolPlan> plans, std::chrono::milliseconds grace,
                                               Unchanged unchanged = Unchanged::stay);
    /// Sockets that change_to() found open already: their descriptor and php-fpm's name for their address.
    struct Inherited {
        int fd;
        std::string name;
    };
    [[nodiscard]] const std::vector<Inherited>& inherited() const { return inherited_; }

    /// Starts the templates of the present pools, a few at a time.
    void launch();
    /// A pool has become ready or has failed to: the next ones may start.
    void launch_more();
    /// All of the present pools have their first workers, or have failed to start.
    [[nodiscard]] bool have_started() const;
    /// Former generations without any process. Not from within one's own work.
    void bury_those_that_are_over();

    /// php-fpm's maintenance, once a second.
    void tick();
    /// False: the child was none of any pool's.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);
    /// The same for one that nobody knows.
    void stranger_ended(const os::ChildEnd& end);

    [[nodiscard]] bool have_worker(pid_t pid) const;
    /// Whether a present pool waits to take its place.
    [[nodiscard]] bool is_followed(const Forerunner& former) const;
    /// What a program that takes this one's place is to get: the sockets, and what was passed to this one.
    [[nodiscard]] std::vector<os::SocketToPass> sockets_to_pass() const;
    /// Binds what of a plan is not open yet, for such a program. Error: it could not start; nothing is left.
    [[nodiscard]] base::Result<std::vector<os::ListenSocket>> reserve(const std::vector<PoolPlan>& plans);
    /// Whether such a program could listen at these addresses; what is neither open nor reserved is tried.
    [[nodiscard]] base::Result<void> try_listening(const std::vector<std::string>& addresses,
                                                   std::span<const os::ListenSocket> reserved) const;
    /// The process is the former master from now on. Pools that were to come give up.
    void become_former();
    template <typename Function>
    void visit(Function function) {
        for_each(function);
    }
    [[nodiscard]] std::size_t living_workers() const;
    [[nodiscard]] bool hold_connections() const;

    void finish();
    void stop_with(int signal);
    [[nodiscard]] bool have_processes() const;
    [[nodiscard]] Pool::Totals totals() const;
    void remove_sockets() const;
    /// At which the present pools listen.
    [[nodiscard]] std::vector<const os::ListenSocket*> sockets() const;

    enum class Reopened { none, all, failed };
    [[nodiscard]] Reopened reopen_access_logs();

  private:
    using List = std::vector<std::unique_ptr<Pool>>;
    /// A pool of a new configuration: one that is made, or a present one that stays.
    struct Next {
        std::unique_ptr<Pool> made;
        Pool* stays = nullptr;
        os::UniqueFd access_log;  ///< opened anew for the one that stays
    };
    [[nodiscard]] OpenSockets open_sockets(const std::vector<PoolPlan>& plans) const;
    [[nodiscard]] base::Result<void> make(std::vector<Next>& pools, PoolPlan plan, const OpenSockets& open,
                                          std::chrono::milliseconds grace);
    [[nodiscard]] base::Result<void> keep(std::vector<Next>& pools, Pool& same);
    [[nodiscard]] Pool* find_unchanged(const PoolPlan& plan) const;
    void note_inherited(const os::ListenSocket& socket);
    void note_others_inherited();
    [[nodiscard]] base::Result<std::unique_ptr<Pool>> make_from(Pool::Parts parts, Forerunner* former);
    [[nodiscard]] base::Result<os::ListenSocket> listen_at(const ListenPlan& where, const PoolPlan& plan,
                                                           const OpenSockets& open);
    /// Pools that have the Unix socket's file for one of theirs.
    [[nodiscard]] std::size_t owners_of(const os::ListenSocket& socket) const;
    void discard(const os::ListenSocket& socket) const;
    void discard_sockets_of(const Pool& pool) const;
    void close_unused_passed();
    void let_go_of_present(std::vector<Next> next, std::chrono::milliseconds grace);
    void say_ignored_owner(const config::PoolSettings& settings);
    void warn_of_cut_path(const ListenPlan& where, const config::PoolSettings& settings);
    template <typename Function>
    void for_each(Function function) const {
        for (const auto& pool : present_) function(*pool);
        for (const auto& pool : former_) function(*pool);
    }

    PoolSurroundings& around_;
    PassedSockets passed_{around_.log};
    List present_;
    List former_;
    std::deque<Pool*> to_launch_;
    std::vector<Inherited> inherited_;
};

}  // namespace phalanx::master

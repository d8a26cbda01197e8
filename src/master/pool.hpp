#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backoff.hpp"
#include "dispatcher.hpp"
#include "lost_request.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/link/pool_pages.hpp"
#include "phalanx/link/worker_settings.hpp"
#include "phalanx/os/listen_socket.hpp"
#include "policy.hpp"
#include "pool_surroundings.hpp"
#include "request_watch.hpp"
#include "staff.hpp"
#include "status_listener.hpp"
#include "template_handle.hpp"

namespace phalanx::master {

/// One pool: its listening socket, its template, its staff of workers and their dispatcher. It makes the
/// number of workers what the policy wants and sees to it that whatever dies is replaced, not too fast. Owned
/// by Master.
class Pool final : public DispatchEvents, public TemplateEvents, public StaffEvents {
  public:
    /// What a pool is made from; all of it becomes the pool's.
    struct Parts {
        config::PoolSettings settings;
        link::WorkerSettings worker_settings;
        os::ListenSocket socket;
        os::UniqueFd access_log;                        ///< empty: none
        std::optional<os::ListenSocket> status_socket;  ///< pm.status_listen
    };
    [[nodiscard]] static base::Result<std::unique_ptr<Pool>> create(PoolSurroundings& around, Parts parts);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    [[nodiscard]] base::Result<void> start();
    /// The template is ready, or has failed: what a start waits for.
    [[nodiscard]] bool start_is_decided() const { return start_decided_; }
    /// A child has been reaped. False: it was none of this pool's.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);

    /// php-fpm's maintenance, once a second.
    void tick();
    /// php-fpm's graceful stop: running requests end, nothing new begins.
    void finish();
    /// Sends a signal to every process of the pool; no new ones are made.
    void stop_with(int signal);
    [[nodiscard]] bool has_processes() const;
    /// Numbers for the service manager's status line.
    struct Totals {
        std::uint64_t active = 0, idle = 0, requests = 0, slow = 0;
    };
    [[nodiscard]] Totals totals() const;
    [[nodiscard]] bool has_access_log() const { return !parts_.settings.access_log.empty(); }
    /// Opens the access log's file anew and hands it to all of the pool's processes. False: it cannot be
    /// opened.
    bool reopen_access_log();
    /// Removes the Unix sockets' files.
    void remove_sockets() const;

    // DispatchEvents
    [[nodiscard]] bool can_grow_on_demand() override;
    void connection_waits_for_growth() override { reconcile(/*tick=*/false, /*connection_waits=*/true); }
    void busy_workers(std::size_t count) override;
    void worker_unreachable(WorkerHandle& worker) override;
    void connection_trouble(const char* what) override;
    [[nodiscard]] bool seems_idle(const WorkerHandle& worker) const override {
        return staff_.is_idle(worker);
    }
    // TemplateEvents
    void template_ready() override;
    void template_failed(const std::string& step) override;
    void template_said(std::string_view text) override;
    // StaffEvents
    void worker_joined() override;
    void worker_gone(std::chrono::milliseconds lived, bool in_vain) override;
    void request_lost(const status::SlotSnapshot& last, int code) override;

  private:
    Pool(PoolSurroundings& around, Parts parts, link::PoolPages pages, os::UniqueFd wake);
    void start_template();
    void template_ended(const os::ChildEnd& end);
    void end_template_line();
    void reconcile(bool tick, bool connection_waits);
    void report(const PolicyDecision& decision);
    void check_orders();
    void let_template_go();
    void decide_start();
    void sample_listen_queue();
    [[nodiscard]] status::PoolSnapshot snapshot() const;
    [[nodiscard]] status::PoolPage& page() const;
    void say(log::Level level, const std::string& text) const {
        around_.log.pool(parts_.settings.name).log(level, text);
    }

    PoolSurroundings& around_;
    Parts parts_;
    link::PoolPages pages_;
    os::UniqueFd wake_;
    Staff staff_;
    Dispatcher dispatcher_;
    TemplateHandle template_;
    std::unique_ptr<StatusListener> status_listener_;
    RequestWatch request_watch_;
    LostRequestLog lost_requests_;
    PolicyState policy_;
    Backoff worker_backoff_{std::chrono::milliseconds(100)};
    Backoff template_backoff_{std::chrono::milliseconds(500)};
    Timer template_timer_;
    Timer respawn_timer_;
    Timer order_timer_;
    std::string half_line_;  ///< of the template's output
    bool start_decided_ = false;
    bool stopping_ = false;
};

}  // namespace phalanx::master

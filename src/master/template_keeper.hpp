#pragma once

#include <chrono>
#include <csignal>
#include <functional>
#include <span>
#include <string>

#include "backoff.hpp"
#include "event_loop.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/os/pidfd.hpp"
#include "pool_surroundings.hpp"
#include "template_handle.hpp"

namespace phalanx::master {

/// When a pool needs a template: never again, once something is to be done, or at once.
enum class TemplateNeed : std::uint8_t { over, later, now };

/// What the keeper tells its pool.
class TemplateKeeperEvents {
  public:
    /// See TemplateEvents.
    virtual void template_ready(PhpIdentity php) = 0;
    /// It is gone, and what it was asked for will not come; a new one may be on its way.
    virtual void template_gone() = 0;
    /// See TemplateEvents.
    [[nodiscard]] virtual bool template_traced(const link::Trace& part, bool more) = 0;
    virtual void template_broke_rules(Breach breach) = 0;
    virtual void workers_made(std::span<const link::MadeWorker> workers) = 0;
    virtual void workers_unmade(std::span<const link::SpawnOrder> orders) = 0;
    [[nodiscard]] virtual TemplateNeed template_need() const = 0;

  protected:
    ~TemplateKeeperEvents() = default;
};

/// Sees to it that a pool has a template while it needs one: starts it, starts it again when it fails or
/// dies, after pauses that grow while that goes on, and ends it when it is not needed. Owned by the pool.
///
///   asleep --start()--> starting --ready--> at work --let_go()--> leaving --ended--> asleep
///   starting, at work --failed or died--> pausing --later--> starting
class TemplateKeeper final : public TemplateEvents {
  public:
    /// `parts` tells what a template gets, whenever one is started.
    TemplateKeeper(PoolSurroundings& around, TimeShare& share, const config::PoolSettings& settings,
                   std::function<TemplateStart()> parts, TemplateKeeperEvents& events);

    /// Unless there is one, or a pause before the next.
    void start();
    /// Asks it to end.
    void let_go();
    /// Ends it at once; unless its pool still needs one, none is started after it.
    void kill();
    /// Ends it at once, so that another one takes its place.
    void end_for_doing_nothing() { handle_.signal(SIGKILL); }
    /// False: the child was none of this pool's templates.
    [[nodiscard]] bool child_ended(const os::ChildEnd& end);

    [[nodiscard]] bool is_asleep() const { return handle_.life() == TemplateLife::absent && !pause_.armed(); }
    [[nodiscard]] bool is_leaving() const { return leaving_; }
    /// The last start has failed, and none has succeeded since.
    [[nodiscard]] bool has_failed() const { return failed_; }
    [[nodiscard]] TemplateHandle& handle() { return handle_; }
    [[nodiscard]] TemplateLife life() const { return handle_.life(); }

    // TemplateEvents
    void template_ready(PhpIdentity php) override;
    void template_failed(const std::string& step) override;
    void template_said(std::string_view text) override;
    void php_said(log::Level level, std::string_view text) override;
    [[nodiscard]] bool template_traced(const link::Trace& part, bool more) override {
        return events_.template_traced(part, more);
    }
    void template_broke_rules(Breach breach) override { events_.template_broke_rules(breach); }
    void workers_made(std::span<const link::MadeWorker> workers) override { events_.workers_made(workers); }
    void workers_unmade(std::span<const link::SpawnOrder> orders) override { events_.workers_unmade(orders); }

  private:
    void ended(const os::ChildEnd& end);
    void say_end(pid_t pid, const os::ChildEnd& end, TemplateNeed need,
                 std::chrono::milliseconds pause) const;
    void end_line();
    void say(log::Level level, const std::string& text) const;

    PoolSurroundings& around_;
    const config::PoolSettings& settings_;
    std::function<TemplateStart()> parts_;
    TemplateKeeperEvents& events_;
    TemplateHandle handle_;
    Backoff backoff_{std::chrono::milliseconds(500), std::chrono::seconds(30)};
    Timer pause_;
    std::string half_line_;  ///< of its output
    bool leaving_ = false;
    bool failed_ = false;
};

}  // namespace phalanx::master

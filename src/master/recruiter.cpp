#include "recruiter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phalanx::master {
namespace {

using config::ProcessManager;
using log::Level;

/// A worker that was ordered has to say hello within that time.
constexpr std::chrono::milliseconds hello_limit{10'000};
/// When workers that could not be ordered are tried again.
constexpr std::chrono::milliseconds retry_interval{1000};
/// Orders that a template could not carry out before another one is tried.
constexpr unsigned most_failures = 10;
/// Looks, one each hello_limit, at which no worker has come that was ordered, before the same.
constexpr unsigned most_vain_looks = 2;
/// Between two looks at how many connections wait.
constexpr std::chrono::milliseconds look_interval{10};

}  // namespace

Recruiter::Recruiter(const Parts& parts)
    : parts_(parts),
      retry_timer_(parts.around.loop),
      order_timer_(parts.around.loop),
      look_timer_(parts.around.loop) {}

bool Recruiter::may_act() const {
    return parts_.events.may_recruit() && parts_.from.life() == TemplateLife::ready && !retry_timer_.armed();
}

PoolView Recruiter::view() const {
    const Staff& staff = parts_.staff;
    return {.live = staff.live(),
            .starting = staff.count(WorkerLife::ordered),
            .idle = staff.idle(),
            .longest_idle = staff.longest_idle()};
}

void Recruiter::tick() {
    if (!may_act()) return;
    PoolView now = view();
    now.tick = true;
    now.outlived = outlived() != nullptr;
    if (parts_.around.log.enabled(Level::debug)) say_look(now);
    act(now);
}

void Recruiter::act(const PoolView& view) {
    if (!may_act()) return;
    const PolicyDecision decision = decide(parts_.settings, view, policy_);
    report(decision);
    parts_.staff.retire_idle(decision.retire);
    if (decision.renew) parts_.staff.retire(*outlived());
    // A former generation's workers leave one by one: each makes room for one of these.
    const std::size_t wanted = std::min(decision.spawn, parts_.events.room());
    const std::size_t spawn = parts_.around.quota.grant(wanted);
    // A pool of fixed size goes on wanting its workers, others want more when they next need them.
    if (parts_.settings.pm != ProcessManager::static_size) policy_.wanted -= wanted - spawn;
    if (spawn > 0) order(spawn, view);
}

/// The oldest idle worker, if it has outlived pm.max_lifetime. Busy ones see to that themselves.
WorkerHandle* Recruiter::outlived() const {
    const auto lifetime = parts_.settings.pm_max_lifetime;
    if (lifetime.count() == 0) return nullptr;
    WorkerHandle* oldest = nullptr;
    for (WorkerHandle& worker : parts_.staff.handles()) {
        if (worker.life != WorkerLife::serving || !parts_.staff.is_idle(worker)) continue;
        if (oldest == nullptr || worker.changed_at < oldest->changed_at) oldest = &worker;
    }
    const bool has_outlived = oldest != nullptr && base::Monotonic::now() - oldest->changed_at > lifetime;
    return has_outlived ? oldest : nullptr;
}

void Recruiter::order(std::size_t count, const PoolView& view) {
    parts_.staff.order(count, parts_.from);
    if (parts_.settings.pm == ProcessManager::dynamic && (view.tick || view.waiting > 0))
        say(Level::debug, fmt::format("{} child(ren) have been created dynamically", count));
    if (parts_.settings.pm == ProcessManager::ondemand && view.waiting > 0) {
        for (std::size_t i = 0; i < count; ++i)
            say(Level::debug, "got accept without idle child available .... I forked");
    }
    if (!order_timer_.armed()) order_timer_.start(hello_limit, [this] { check_orders(); });
    // What could not be ordered now (no descriptors, a full channel) is tried again.
    if (parts_.staff.live() < policy_.wanted && parts_.events.room() > 0 && parts_.around.quota.has_room())
        retry_later();
}

void Recruiter::orders_failed() {
    if (++failures_ % most_failures == 0) parts_.events.template_does_nothing();
    retry_later();
}

void Recruiter::worker_came() {
    failures_ = vain_looks_ = 0;
}

void Recruiter::template_started() {
    failures_ = vain_looks_ = 0;
    retry_timer_.cancel();
}

void Recruiter::retry_later() {
    if (!retry_timer_.armed()) retry_timer_.start(retry_interval, [this] { parts_.events.recruit_again(); });
}

void Recruiter::check_orders() {
    // The first time they may have died before their hello. The second time most likely somebody has stopped
    // the template, or taken from it what it needs: a new one has it again.
    if (parts_.staff.forget_orders(hello_limit) > 0 && ++vain_looks_ == most_vain_looks) {
        vain_looks_ = 0;
        parts_.events.template_does_nothing();
    }
    parts_.events.recruit_again();
    if (parts_.staff.count(WorkerLife::ordered) > 0 && !order_timer_.armed())
        order_timer_.start(hello_limit, [this] { check_orders(); });
}

bool Recruiter::is_below_limit() const {
    return policy_.wanted < static_cast<std::size_t>(parts_.settings.pm_max_children);
}

bool Recruiter::can_grow() const {
    if (!may_act() || look_timer_.armed() || !parts_.around.quota.has_room()) return false;
    switch (parts_.settings.pm) {
        case ProcessManager::static_size:
            return false;
        case ProcessManager::dynamic:
            return is_below_limit();
        case ProcessManager::ondemand:
            // At the limit a look is worth one line in the log.
            return is_below_limit() || !policy_.warned_of_limit;
    }
    return false;
}

void Recruiter::connection_waits() {
    if (!can_grow()) return;
    if (parts_.settings.pm == ProcessManager::ondemand) (void)grow();
    look_timer_.start(look_interval, [this] { look_again(); });
}

void Recruiter::look_again() {
    if (grow() == More::no) return parts_.events.growth_rests();
    look_timer_.start(look_interval, [this] { look_again(); });
}

Recruiter::More Recruiter::grow() {
    PoolView now = view();
    now.waiting = parts_.events.waiting_connections();
    act(now);
    if (parts_.staff.count(WorkerLife::ordered) > 0) return More::maybe;
    const bool could = is_below_limit() && may_act() && parts_.around.quota.has_room();
    return now.waiting > 0 && could ? More::maybe : More::no;
}

void Recruiter::replace(std::chrono::milliseconds lived, bool in_vain) {
    if (!in_vain) backoff_.reset();
    // Many that die at once (somebody has killed them all) are one reason to wait, not many.
    if (in_vain && retry_timer_.armed()) return;
    const auto pause = in_vain ? backoff_.after_end(lived) : std::chrono::milliseconds(0);
    if (pause.count() == 0) return reconcile();
    retry_timer_.start(pause, [this] { parts_.events.recruit_again(); });
}

void Recruiter::inherit(const Estate& former) {
    const bool is_ondemand = parts_.settings.pm == ProcessManager::ondemand;
    const std::size_t idle = is_ondemand ? std::min(former.idle_workers, former.live_workers) : 0;
    const auto most = static_cast<std::size_t>(parts_.settings.pm_max_children);
    policy_.wanted = std::max(policy_.wanted, std::min(most, former.live_workers - idle));
    policy_.warned_of_limit = policy_.warned_of_limit || former.warned_of_limit;
}

void Recruiter::report(const PolicyDecision& decision) const {
    switch (decision.report) {
        case PolicyDecision::Report::nothing:
            return;
        case PolicyDecision::Report::limit_reached:
            parts_.page.max_children_reached.fetch_add(1);
            return say(Level::warning,
                       fmt::format("server reached {}max_children setting ({}), consider raising it",
                                   parts_.settings.pm == ProcessManager::dynamic ? "pm." : "",
                                   parts_.settings.pm_max_children));
        case PolicyDecision::Report::busy:
            return say(
                Level::warning,
                fmt::format(
                    "seems busy (you may need to increase pm.start_servers, or pm.min/max_spare_servers), "
                    "spawning {} children, there are {} idle, and {} total children",
                    decision.reported_rate, parts_.staff.idle(), parts_.staff.live()));
    }
}

void Recruiter::say_look(const PoolView& view) const {
    std::string text =
        fmt::format("currently {} active children, {} spare children", view.live - view.idle, view.idle);
    if (parts_.settings.pm == ProcessManager::static_size) return;
    if (parts_.settings.pm == ProcessManager::dynamic)
        text += fmt::format(", {} running children. Spawning rate {}", view.live, policy_.spawn_rate);
    say(Level::debug, text);
}

void Recruiter::say(Level level, const std::string& text) const {
    parts_.around.log.pool(parts_.settings.name).log(level, text);
}

}  // namespace phalanx::master

#include "pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

using log::Level;

/// A worker that was ordered has to say hello within that time.
constexpr std::chrono::milliseconds hello_limit{10'000};
/// When workers that could not be ordered are tried again.
constexpr std::chrono::milliseconds retry_interval{1000};
/// A longer line of a template's is logged in pieces.
constexpr std::size_t longest_template_line = 4096;

}  // namespace

base::Result<std::unique_ptr<Pool>> Pool::create(PoolSurroundings& around, Parts parts) {
    const auto slots = static_cast<std::size_t>(parts.plan.settings.pm_max_children);
    if (slots > link::max_workers) {
        return base::Error{fmt::format("[pool {}] pm.max_children({}) must not be greater than {}",
                                       parts.plan.settings.name, slots, link::max_workers)};
    }
    auto pages = link::PoolPages::create({slots, sizeof(status::SlotPage), sizeof(status::PoolPage)});
    if (!pages) return pages.error();
    auto wake = os::make_eventfd();
    if (!wake) return wake.error();
    return std::unique_ptr<Pool>(new Pool(around, std::move(parts), *std::move(pages), *std::move(wake)));
}

Pool::Pool(PoolSurroundings& around, Parts parts, link::PoolPages pages, os::UniqueFd wake)
    : around_(around),
      parts_(std::move(parts)),
      pages_(std::move(pages)),
      wake_(std::move(wake)),
      share_(around.connections, static_cast<std::size_t>(settings().queue_max_connections)),
      client_log_(around.log, settings()),
      own_pages_(make_own_pages()),
      staff_(around, settings(), pages_, *this),
      dispatcher_({around.loop, *this, settings(), pages_, staff_.handles(), parts_.socket.fd.get(),
                   wake_.get(), share_, client_log_, own_pages_}),
      template_(around.loop, *this),
      slow_log_(around, settings()),
      request_watch_(around, settings(), staff_,
                     [this](const WorkerHandle& worker) { log_slow_request(worker); }),
      lost_requests_(settings()),
      template_timer_(around.loop),
      respawn_timer_(around.loop),
      order_timer_(around.loop),
      grace_timer_(around.loop) {
    staff_.attach(dispatcher_);
    if (parts_.status_socket) {
        status_listener_ = std::make_unique<StatusListener>(
            ConnectionTable::Surroundings{around.loop, settings(), share_, client_log_, page().line},
            around.log, std::move(*parts_.status_socket), own_pages_);
    }
    page().started_at.store(base::wall_seconds());
}

OwnPages Pool::make_own_pages() {
    const link::WorkerSettings& worker = parts_.plan.worker;
    OwnPages::Parts own{
        worker.status_path, worker.ping_path, worker.ping_response, {}, [this] { return snapshot(); }};
    // Complaints about the list are the workers', who read it too.
    std::vector<std::string> complaints;
    if (worker.check_clients != 0) own.allowed_clients.emplace(worker.allowed_clients, complaints);
    return OwnPages(std::move(own));
}

status::PoolPage& Pool::page() const {
    return status::pool_in(pages_.pool_area());
}

base::Result<void> Pool::open() {
    if (auto started = dispatcher_.start(); !started) return started;
    if (status_listener_) {
        if (auto started = status_listener_->start(); !started) return started;
    }
    request_watch_.start();
    sample_listen_queue();
    open_ = true;
    return {};
}

void Pool::launch() {
    if (template_.life() == TemplateLife::absent && !stopping_) start_template();
}

void Pool::start_template() {
    TemplateStart start;
    start.program = settings().worker_program.empty() ? around_.worker_program : settings().worker_program;
    start.environment = around_.environment;
    start.settings = link::encode(parts_.plan.worker);
    start.workers_page = pages_.workers_fd();
    start.master_page = pages_.master_fd();
    start.listener = parts_.socket.fd.get();
    start.wake = wake_.get();
    start.access_log = parts_.access_log.get();
    start.file_limit = around_.file_limit;
    const auto started = template_.start(start);
    if (started) return;
    template_failed(started.error().text());
    template_ended({});
}

void Pool::template_ready() {
    if (predecessor_ != nullptr) return begin_succession();
    // In this order: "process.max" has its say before the start is over.
    reconcile(/*tick=*/false, /*connection_waits=*/false);
    decide_start();
    // A connection may have come while there was no template to make a worker for it.
    if (settings().pm == config::ProcessManager::ondemand) dispatcher_.pump_soon();
}

void Pool::decide_start() {
    if (std::exchange(start_decided_, true)) return;
    around_.start_decided();
}

void Pool::template_failed(const std::string& step) {
    decide_start();
    start_failed_ = true;
    say(Level::error, fmt::format("the pool's template failed to start: {}", step));
}

void Pool::template_said(std::string_view text) {
    for (const char byte : text) {
        if (byte != '\n') half_line_ += byte;
        if (byte == '\n' || half_line_.size() == longest_template_line) end_template_line();
    }
}

void Pool::end_template_line() {
    if (half_line_.empty()) return;
    say(Level::notice, fmt::format("template said: \"{}\"", half_line_));
    half_line_.clear();
}

void Pool::template_ended(const os::ChildEnd& end) {
    const auto lived = std::chrono::duration_cast<std::chrono::milliseconds>(base::Monotonic::now() -
                                                                             template_.started_at());
    const pid_t pid = template_.pid();
    template_.ended();
    end_template_line();
    slow_log_.template_ended();
    decide_start();
    wait_with_succession();
    if (stopping_) return staff_.forget_orders(std::chrono::milliseconds(0));
    const auto pause = template_backoff_.after_end(pid == 0 ? std::chrono::milliseconds(0) : lived);
    if (pid != 0) {
        say(Level::warning,
            fmt::format("template {} exited {}, its workers go on; a new one is started in {} ms", pid,
                        describe_end(end), pause.count()));
    }
    staff_.forget_orders(std::chrono::milliseconds(0));
    template_timer_.start(pause, [this] { start_template(); });
}

bool Pool::child_ended(const os::ChildEnd& end) {
    if (template_.life() != TemplateLife::absent && end.pid == template_.pid()) {
        template_ended(end);
        return true;
    }
    return staff_.child_ended(end);
}

void Pool::worker_gone(std::chrono::milliseconds lived, bool in_vain) {
    if (stopping_) {
        pass_on_to_heir();
        return let_template_go();
    }
    if (coming_ != nullptr) return coming_->await_place();
    if (in_vain) wait_with_succession();
    if (!in_vain) worker_backoff_.reset();
    const auto pause = in_vain ? worker_backoff_.after_end(lived) : std::chrono::milliseconds(0);
    if (pause.count() == 0) return reconcile(/*tick=*/false, /*connection_waits=*/false);
    respawn_timer_.start(pause, [this] {
        if (predecessor_ != nullptr) return begin_succession();
        reconcile(/*tick=*/false, /*connection_waits=*/false);
    });
}

void Pool::log_slow_request(const WorkerHandle& worker) {
    page().slow_requests.fetch_add(1);
    slow_log_.trace(worker, template_);
}

void Pool::request_lost(const status::SlotSnapshot& last, int code) {
    if (parts_.access_log) lost_requests_.write(parts_.access_log.get(), last, code);
}

void Pool::reconcile(bool tick, bool connection_waits) {
    if (stopping_ || coming_ != nullptr || template_.life() != TemplateLife::ready || respawn_timer_.armed())
        return;
    const PoolView view{staff_.live(),    staff_.count(WorkerLife::ordered),
                        staff_.idle(),    staff_.longest_idle(),
                        connection_waits, tick};
    if (tick && around_.log.enabled(Level::debug)) say_look(view);
    const PolicyDecision decision = decide(settings(), view, policy_);
    report(decision);
    staff_.retire_idle(decision.retire);
    // A former generation's workers leave one by one: each makes room for one of these.
    const std::size_t wanted = std::min(decision.spawn, room());
    const std::size_t spawn = around_.quota.grant(wanted);
    // A pool of fixed size goes on wanting its workers, others want more when they next need them.
    if (settings().pm != config::ProcessManager::static_size) policy_.wanted -= wanted - spawn;
    if (spawn == 0) return;
    staff_.order(spawn, template_);
    if (tick && settings().pm == config::ProcessManager::dynamic)
        say(Level::debug, fmt::format("{} child(ren) have been created dynamically", spawn));
    if (connection_waits) say(Level::debug, "got accept without idle child available .... I forked");
    if (!order_timer_.armed()) order_timer_.start(hello_limit, [this] { check_orders(); });
    // What could not be ordered now (no descriptors, a full channel) is tried again.
    if (staff_.live() < policy_.wanted && room() > 0 && around_.quota.has_room()) {
        respawn_timer_.start(retry_interval,
                             [this] { reconcile(/*tick=*/false, /*connection_waits=*/false); });
    }
}

void Pool::say_look(const PoolView& view) {
    std::string text =
        fmt::format("currently {} active children, {} spare children", view.live - view.idle, view.idle);
    if (settings().pm == config::ProcessManager::static_size) return;
    if (settings().pm == config::ProcessManager::dynamic)
        text += fmt::format(", {} running children. Spawning rate {}", view.live, policy_.spawn_rate);
    say(Level::debug, text);
}

void Pool::check_orders() {
    staff_.forget_orders(hello_limit);
    if (stopping_) let_template_go();
    reconcile(/*tick=*/false, /*connection_waits=*/false);
    if (staff_.count(WorkerLife::ordered) > 0 && !order_timer_.armed()) {
        order_timer_.start(hello_limit, [this] { check_orders(); });
    }
}

void Pool::report(const PolicyDecision& decision) {
    switch (decision.report) {
        case PolicyDecision::Report::nothing:
            return;
        case PolicyDecision::Report::limit_reached:
            page().max_children_reached.fetch_add(1);
            return say(Level::warning,
                       fmt::format("server reached {}max_children setting ({}), consider raising it",
                                   settings().pm == config::ProcessManager::dynamic ? "pm." : "",
                                   settings().pm_max_children));
        case PolicyDecision::Report::busy:
            return say(
                Level::warning,
                fmt::format(
                    "seems busy (you may need to increase pm.start_servers, or pm.min/max_spare_servers), "
                    "spawning {} children, there are {} idle, and {} total children",
                    decision.reported_rate, staff_.idle(), staff_.live()));
    }
}

void Pool::tick() {
    if (stopping_) return;
    if (predecessor_ != nullptr) {
        // The place it waits for has not come free, or taking over has failed before.
        if (predecessor_->coming_ == this && !respawn_timer_.armed()) take_over();
        return;
    }
    reconcile(/*tick=*/true, /*connection_waits=*/false);
    // There may be room again for a worker that a waiting connection could not have (process.max).
    if (settings().pm == config::ProcessManager::ondemand) dispatcher_.pump_soon();
    sample_listen_queue();
    dispatcher_.tick();
}

void Pool::sample_listen_queue() {
    const auto backlog = around_.listen_queues.look(parts_.socket.fd.get());
    if (!backlog) return;
    const std::uint64_t waiting = backlog->waiting + dispatcher_.waiting();
    page().listen_queue.store(waiting);
    page().listen_queue_length.store(backlog->limit);
    if (waiting > page().max_listen_queue.load()) page().max_listen_queue.store(waiting);
}

bool Pool::can_grow_on_demand() {
    return settings().pm == config::ProcessManager::ondemand && !stopping_ && !policy_.warned_of_limit &&
           staff_.count(WorkerLife::ordered) == 0 && template_.life() == TemplateLife::ready &&
           around_.quota.has_room();
}

void Pool::busy_workers(std::size_t count) {
    if (count > page().max_active.load()) page().max_active.store(count);
}

void Pool::worker_unreachable(WorkerHandle& worker) {
    if (worker.life == WorkerLife::serving) worker.life = WorkerLife::leaving;
}

std::uint64_t Pool::requests_begun() const {
    std::uint64_t begun = page().departed_requests.load();
    for (const WorkerHandle& worker : staff_.handles()) begun += staff_.requests_begun(worker);
    return begun;
}

std::uint64_t Pool::kernel_queue() {
    const auto backlog = around_.listen_queues.look(parts_.socket.fd.get());
    return backlog ? backlog->waiting : 0;
}

status::PoolSnapshot Pool::snapshot() const {
    return status::take_snapshot(settings().name, parts_.plan.worker.process_manager, page(),
                                 status::slots_in(pages_.slot_area()));
}

Pool::Totals Pool::totals() const {
    const status::PoolSnapshot now = snapshot();
    return {now.active, now.idle, now.accepted, now.slow_requests};
}

void Pool::remove_sockets() const {
    os::remove_socket_file(parts_.socket);
    if (status_listener_) os::remove_socket_file(status_listener_->socket());
}

base::Result<void> Pool::reopen_access_log() {
    const std::string& path = settings().access_log;
    auto file = os::open_for_append(path);
    if (!file)
        return base::system_error(fmt::format("failed to open access log ({})", path), file.error().code);
    parts_.access_log = *std::move(file);
    template_.replace_log(parts_.access_log.get());
    staff_.replace_log(parts_.access_log.get());
    return {};
}

void Pool::finish() {
    if (std::exchange(stopping_, true)) return;
    staff_.expect_ends();
    dispatcher_.drain();
    if (status_listener_) status_listener_->stop();
    staff_.leave_all();
    let_template_go();
}

void Pool::let_template_go() {
    // While it makes workers that were ordered, its end would leave them to nobody; and it may still be asked
    // what those that finish their requests are doing.
    const bool traces = settings().request_slowlog_timeout.count() > 0 && staff_.live() > 0;
    if (staff_.count(WorkerLife::ordered) == 0 && !traces) template_.signal(SIGTERM);
}

void Pool::worker_joined() {
    start_failed_ = false;
    if (stopping_) return let_template_go();
    if (predecessor_ != nullptr) take_over();
}

void Pool::stop_with(int signal) {
    stopping_ = true;
    request_watch_.stop();
    dispatcher_.drain();
    staff_.expect_ends();
    staff_.signal_all(signal);
    if (signal == SIGKILL) template_.signal(signal);
    let_template_go();
}

bool Pool::is_over() const {
    return stopping_ && !has_processes();
}

bool Pool::has_worker(pid_t pid) const {
    const auto workers = staff_.handles();
    return std::any_of(workers.begin(), workers.end(), [pid](const auto& worker) {
        return worker.pid == pid && worker.life != WorkerLife::absent;
    });
}

bool Pool::has_processes() const {
    return template_.life() != TemplateLife::absent || staff_.live() > 0;
}

}  // namespace phalanx::master

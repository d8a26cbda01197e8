#include "pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "access_log_file.hpp"
#include "phalanx/base/parse.hpp"
#include "phalanx/os/descriptor.hpp"

namespace phalanx::master {
namespace {

using log::Level;

}  // namespace

base::Result<std::unique_ptr<Pool>> Pool::create(PoolSurroundings& around, Parts& parts) {
    const auto slots = static_cast<std::size_t>(parts.plan.settings.pm_max_children);
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
      time_share_(around.loop),
      staff_(around, time_share_, settings(), pages_, *this),
      dispatcher_({around.loop, *this, settings(), pages_, staff_.handles(), parts_.socket.fd.get(),
                   wake_.get(), share_, client_log_, own_pages_}),
      template_(
          around, time_share_, settings(), [this] { return template_start(); }, *this),
      recruiter_({around, settings(), staff_, template_.handle(), page(), *this}),
      slow_log_(around, settings()),
      request_watch_(around, settings(), staff_,
                     [this](const WorkerHandle& worker) { log_slow_request(worker); }),
      lost_requests_(settings()),
      grace_timer_(around.loop) {
    staff_.attach(dispatcher_);
    if (parts_.status_socket) {
        status_listener_ = std::make_unique<StatusListener>(
            StatusListener::Parts{around.loop, settings(), around.connections, client_log_, page().line,
                                  around.log, own_pages_},
            std::move(*parts_.status_socket));
    }
    page().started_at.store(base::wall_seconds());
}

OwnPages Pool::make_own_pages() {
    const link::WorkerSettings& worker = parts_.plan.worker;
    OwnPages::Parts own{worker.status_path,
                        worker.ping_path,
                        worker.ping_response,
                        {},
                        [this] { return snapshot(); },
                        [this](OwnPages::Address at) { return exposed_php_version(at); }};
    // Complaints about the list are the workers', who read it too.
    std::vector<std::string> complaints;
    if (worker.check_clients != 0) own.allowed_clients.emplace(worker.allowed_clients, complaints);
    return OwnPages(std::move(own));
}

/// A pool that has had no template yet asks its neighbours, who have the same PHP and the same ini files.
std::string Pool::exposed_php_version(OwnPages::Address at) const {
    const PhpIdentity* const php = php_ ? &*php_ : around_.known_php(worker_program());
    if (php == nullptr) return {};
    bool is_exposed = php->is_exposed;
    // Its workers have the pool's values; php-fpm's second pool for the status address has none of them.
    if (at == OwnPages::Address::of_pool) {
        const auto& values = settings().php_values;
        const auto own = std::ranges::find_if(values, [](const config::PhpValue& value) {
            return value.kind == config::PhpValue::Kind::admin_value && value.name == "expose_php";
        });
        if (own != values.end()) is_exposed = base::is_ini_true(own->value);
    }
    return is_exposed ? php->version : std::string();
}

const std::string& Pool::worker_program() const {
    return settings().worker_program.empty() ? around_.worker_program : settings().worker_program;
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

bool Pool::can_sleep() const {
    return is_ondemand() && (predecessor_ == nullptr || predecessor_->is_asleep());
}

void Pool::fall_asleep() {
    if (predecessor_ != nullptr) take_over();
    decide_start();
}

bool Pool::child_ended(const os::ChildEnd& end) {
    // Not only else: a template may have posed as a worker.
    const bool is_template = template_.child_ended(end);
    return staff_.child_ended(end) || is_template;
}

void Pool::worker_gone(std::chrono::milliseconds lived, bool in_vain) {
    look_whether_first_workers_came();
    if (stopping_) {
        pass_on_to_heir();
        return let_template_go();
    }
    if (coming_ != nullptr) return coming_->await_place();
    if (in_vain) wait_with_succession();
    recruiter_.replace(lived, in_vain);
}

void Pool::recruit_again() {
    look_whether_first_workers_came();
    if (stopping_) return let_template_go();
    if (predecessor_ != nullptr) return begin_succession();
    recruiter_.reconcile();
}

void Pool::log_slow_request(const WorkerHandle& worker) {
    page().slow_requests.fetch_add(1);
    slow_log_.trace(worker, template_.handle());
}

void Pool::request_lost(const status::SlotSnapshot& last, int code) {
    if (parts_.access_log) lost_requests_.write(parts_.access_log.get(), last, code);
}

void Pool::tick() {
    if (stopping_) return;
    if (predecessor_ != nullptr) {
        // The place it waits for has not come free, or taking over has failed before.
        const bool is_next = predecessor_->yields_to(*this) || (start_decided_ && template_.is_asleep());
        if (is_next && !recruiter_.is_pausing()) take_over();
        return;
    }
    recruiter_.tick();
    // There may be room again for a worker that a waiting connection could not have (process.max).
    if (is_ondemand() && !could_grow_) dispatcher_.pump_soon();
    dispatcher_.tick();
    if (is_asleep()) return;
    sample_listen_queue();
    let_idle_template_go();
}

void Pool::let_idle_template_go() {
    const auto now = base::Monotonic::now();
    const auto timeout = settings().pm_template_idle_timeout;
    const bool is_needed = template_.life() != TemplateLife::ready || staff_.live() > 0 ||
                           dispatcher_.waiting() > 0 || coming_ != nullptr;
    if (!is_ondemand() || is_needed) last_needed_ = now;
    if (timeout.count() == 0 || now - last_needed_ < timeout) return;
    say(Level::debug, fmt::format("no request for {} s: the template is let go", timeout.count()));
    template_.let_go();
}

void Pool::sample_listen_queue() {
    const auto backlog = around_.listen_queues.look(parts_.socket.fd.get());
    if (!backlog) return;
    const std::uint64_t waiting = backlog->waiting + dispatcher_.waiting();
    page().listen_queue.store(waiting);
    page().listen_queue_length.store(backlog->limit);
    if (waiting > page().max_listen_queue.load()) page().max_listen_queue.store(waiting);
}

bool Pool::may_recruit() const {
    const bool is_its_turn = predecessor_ == nullptr || predecessor_->yields_to(*this);
    return !stopping_ && !barred_ && is_its_turn && coming_ == nullptr && !template_.is_leaving();
}

bool Pool::can_wake() const {
    return is_ondemand() && may_recruit() && template_.is_asleep() && !waking_ &&
           !around_.is_former_master() && around_.quota.has_room();
}

bool Pool::can_grow_on_demand() {
    // A dynamic pool's workers may serve themselves first: what they do not manage joins the line.
    could_grow_ = can_wake() || (is_ondemand() && recruiter_.can_grow());
    return could_grow_;
}

void Pool::connection_waits_for_growth() {
    if (!can_wake()) return recruiter_.connection_waits();
    waking_ = true;
    around_.launch(*this);
}

bool Pool::cannot_serve() const {
    return barred_ || (template_.has_failed() && staff_.count(WorkerLife::serving) == 0);
}

std::size_t Pool::waiting_connections() {
    return kernel_queue().waiting + dispatcher_.waiting();
}

void Pool::busy_workers(std::size_t count) {
    if (count > page().max_active.load()) page().max_active.store(count);
    if (dispatcher_.waiting() > 0) connection_waits_for_growth();
}

void Pool::worker_unreachable(WorkerHandle& worker) {
    if (worker.life == WorkerLife::serving) worker.life = WorkerLife::leaving;
}

std::uint64_t Pool::requests_begun() const {
    std::uint64_t begun = page().departed_requests.load();
    for (const WorkerHandle& worker : staff_.handles()) begun += staff_.requests_begun(worker);
    return begun;
}

os::Backlog Pool::kernel_queue() {
    const auto backlog = around_.listen_queues.look(parts_.socket.fd.get());
    if (backlog) return *backlog;
    return {os::has_connection(parts_.socket.fd) ? 1U : 0U, 0};
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
    auto file = open_access_log(around_.log, settings());
    if (!file) return file.error();
    take_access_log(*std::move(file));
    return {};
}

void Pool::take_access_log(os::UniqueFd file) {
    parts_.access_log = std::move(file);
    template_.handle().replace_log(parts_.access_log.get());
    staff_.replace_log(parts_.access_log.get());
}

bool Pool::is_as(const PoolPlan& plan) const {
    // First: each pool is asked for each plan.
    if (plan.stamp.empty() || plan.stamp != parts_.plan.stamp) return false;
    const bool is_well = serves() && !barred_ && predecessor_ == nullptr && !template_.has_failed() &&
                         os::can_be_found(parts_.socket) &&
                         (!status_listener_ || os::can_be_found(status_listener_->socket()));
    return is_well;
}

void Pool::stay(os::UniqueFd access_log, std::chrono::milliseconds grace) {
    parts_.grace = grace;
    if (access_log) take_access_log(std::move(access_log));
    say(Level::notice, "unchanged: its processes stay");
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
    if (staff_.count(WorkerLife::ordered) == 0 && !traces) template_.let_go();
}

void Pool::worker_joined() {
    recruiter_.worker_came();
    look_whether_first_workers_came();
    if (stopping_) return let_template_go();
    if (predecessor_ != nullptr) take_over();
}

void Pool::stop_with(int signal) {
    stopping_ = true;
    request_watch_.stop();
    dispatcher_.drain();
    staff_.expect_ends();
    staff_.signal_all(signal);
    if (signal == SIGKILL) template_.handle().signal(signal);
    let_template_go();
}

bool Pool::is_over() const {
    // Whose listener others have: it need not be closed soon.
    const bool has_time = heir_ != nullptr;
    return stopping_ && !has_processes() && !(has_time && dispatcher_.is_answering());
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

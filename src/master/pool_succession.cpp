#include <algorithm>
#include <csignal>
#include <utility>

#include "pool.hpp"

// How one generation of a pool follows the other, so that at every moment somebody serves:
//
//   the heir's template is ready   the former makes no more workers; the heir orders as many as there is room
//                                  for, and where there is none an idle worker of the former leaves first
//   the heir has a worker          what waits in the master is the heir's; idle workers of the former leave,
//                                  busy ones after their request; each makes room for one of the heir's
//   the heir cannot get a worker   the former carries on as if nothing had been, until it can

namespace phalanx::master {
namespace {

/// From SIGTERM to SIGKILL once the grace is over, as in php-fpm.
constexpr std::chrono::seconds kill_after{1};

}  // namespace

Pool::~Pool() {
    if (heir_ != nullptr) heir_->remove_former(*this);
    for (Forerunner* former : formers_) former->set_heir(nullptr);
}

void Pool::begin_succession() {
    if (!predecessor_->yield_to(*this)) return;
    recruiter_.reconcile();
    await_place();
}

bool Pool::yield_to(PoolHeir& coming) {
    coming_ = &coming;
    return true;
}

void Pool::await_place() {
    if (predecessor_ == nullptr || template_.life() != TemplateLife::ready) return;
    if (staff_.live() == 0) recruiter_.reconcile();
    if (staff_.live() > 0) return;
    // Else nobody is to be waited for: the pool wants no workers yet, or every place is taken by a running
    // request.
    if (recruiter_.wants_workers() && predecessor_->makes_place()) return;
    take_over();
}

bool Pool::makes_place() {
    if (staff_.count(WorkerLife::leaving) > 0) return true;
    if (staff_.idle() == 0) return false;
    staff_.retire_idle(1);
    return true;
}

void Pool::wait_with_succession() {
    if (predecessor_ == nullptr) return;
    decide_start();
    predecessor_->carry_on();
}

void Pool::carry_on() {
    coming_ = nullptr;
    if (!stopping_) recruiter_.reconcile();
}

void Pool::take_over() {
    if (auto opened = open(); !opened) return say(log::Level::error, opened.error().text());
    Forerunner& former = *std::exchange(predecessor_, nullptr);
    inherit(former.estate());
    former.leave_to(*this);
    recruiter_.reconcile();
    decide_start();
}

void Pool::leave_to(PoolHeir& heir) {
    stopping_ = true;
    coming_ = nullptr;
    counted_ = {page().departed_requests.load(), page().slow_requests.load()};
    for (Forerunner* former : std::exchange(formers_, {})) former->set_heir(&heir);
    set_heir(&heir);
    if (status_listener_) status_listener_->stop();
    part_from_files();
    dispatcher_.hand_over(heir.connection_heir());
    staff_.expect_ends();
    staff_.leave_all();
    let_template_go();
    leave_within(parts_.grace);
}

void Pool::set_heir(PoolHeir* heir) {
    heir_ = heir;
    dispatcher_.set_heir(heir != nullptr ? &heir->connection_heir() : nullptr);
    if (heir != nullptr) heir->add_former(*this);
}

void Pool::give_up() {
    Forerunner& stays = *std::exchange(predecessor_, nullptr);
    // Its first worker may have taken a connection already.
    if (PoolHeir* heir = stays.as_heir()) {
        leave_to(*heir);
    } else {
        finish();
        leave_within(parts_.grace);
    }
    stays.carry_on();
}

/// What another pool listens at is that one's; nobody is to find the rest any more.
void Pool::part_from_files() {
    const auto part = [this](os::ListenSocket& socket) {
        if (!around_.is_shared(socket)) os::remove_socket_file(socket);
        socket.bound_path.clear();
    };
    part(parts_.socket);
    if (status_listener_) part(status_listener_->socket());
}

void Pool::retire() {
    part_from_files();
    finish();
    leave_within(parts_.grace);
}

void Pool::leave_within(std::chrono::milliseconds grace) {
    grace_timer_.start(grace, [this] {
        stop_with(SIGTERM);
        grace_timer_.start(kill_after, [this] { stop_with(SIGKILL); });
    });
}

Estate Pool::estate() const {
    const status::PoolPage& numbers = page();
    Estate estate;
    estate.started_at = numbers.started_at.load();
    estate.departed_requests = numbers.departed_requests.load();
    estate.slow_requests = numbers.slow_requests.load();
    estate.max_active = numbers.max_active.load();
    estate.max_children_reached = numbers.max_children_reached.load();
    estate.max_listen_queue = numbers.max_listen_queue.load();
    estate.live_workers = static_cast<std::uint32_t>(staff_.live());
    estate.idle_workers = static_cast<std::uint32_t>(staff_.idle());
    estate.warned_of_limit = recruiter_.has_warned_of_limit();
    return estate;
}

void Pool::inherit(const Estate& estate) {
    recruiter_.inherit(estate);
    status::PoolPage& own = page();
    own.started_at.store(estate.started_at);
    own.departed_requests.store(estate.departed_requests);
    own.slow_requests.store(estate.slow_requests);
    own.max_active.store(estate.max_active);
    own.max_children_reached.store(estate.max_children_reached);
    own.max_listen_queue.store(std::max(estate.max_listen_queue, own.max_listen_queue.load()));
}

void Pool::pass_on_to_heir() {
    if (heir_ == nullptr) return;
    const Counted now{page().departed_requests.load(), page().slow_requests.load()};
    const Counted before = std::exchange(counted_, now);
    heir_->count_on(now.requests - before.requests, now.slow - before.slow);
}

void Pool::count_on(std::uint64_t requests, std::uint64_t slow) {
    page().departed_requests.fetch_add(requests);
    page().slow_requests.fetch_add(slow);
    recruiter_.reconcile();
}

std::size_t Pool::living() const {
    std::size_t number = staff_.live();
    for (const Forerunner* former : formers_) number += former->living();
    return number + (predecessor_ != nullptr ? predecessor_->living() : 0);
}

void Pool::become_former(std::size_t most) {
    most_workers_ = most;
    parts_.socket.file = os::SocketFile::lent;
    if (status_listener_) status_listener_->socket().file = os::SocketFile::lent;
}

std::size_t Pool::room() const {
    auto most = static_cast<std::size_t>(settings().pm_max_children);
    if (most_workers_ != 0) most = std::min(most, most_workers_);
    const std::size_t taken = living();
    return most > taken ? most - taken : 0;
}

}  // namespace phalanx::master

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
    if (heir_ != nullptr) std::erase(heir_->formers_, this);
    for (Pool* former : formers_) {
        former->heir_ = nullptr;
        former->dispatcher_.set_heir(nullptr);
    }
}

void Pool::begin_succession() {
    predecessor_->coming_ = this;
    recruiter_.reconcile();
    await_place();
}

void Pool::await_place() {
    if (staff_.live() == 0) recruiter_.reconcile();
    if (staff_.live() > 0) return;
    const bool somebody_leaves = predecessor_->staff_.count(WorkerLife::leaving) > 0;
    if (recruiter_.wants_workers() && (somebody_leaves || predecessor_->staff_.idle() > 0)) {
        if (!somebody_leaves) predecessor_->staff_.retire_idle(1);
        return;
    }
    // Nobody to wait for: the pool wants no workers yet, or every place is taken by a running request.
    take_over();
}

void Pool::wait_with_succession() {
    if (predecessor_ == nullptr) return;
    decide_start();
    predecessor_->coming_ = nullptr;
    predecessor_->recruiter_.reconcile();
}

void Pool::take_over() {
    if (auto opened = open(); !opened) return say(log::Level::error, opened.error().text());
    Pool& former = *std::exchange(predecessor_, nullptr);
    inherit_from(former);
    former.leave_to(*this);
    decide_start();
    recruiter_.reconcile();
}

void Pool::leave_to(Pool& heir) {
    stopping_ = true;
    coming_ = nullptr;
    for (Pool* former : std::exchange(formers_, {})) {
        former->heir_ = &heir;
        former->dispatcher_.set_heir(&heir.dispatcher_);
        heir.formers_.push_back(former);
    }
    heir_ = &heir;
    heir.formers_.push_back(this);
    if (status_listener_) status_listener_->stop();
    part_from_files();
    dispatcher_.hand_over(heir.dispatcher_);
    staff_.expect_ends();
    staff_.leave_all();
    let_template_go();
    leave_within(parts_.grace);
}

void Pool::give_up() {
    Pool& stays = *std::exchange(predecessor_, nullptr);
    stays.coming_ = nullptr;
    // Its first worker may have taken a connection already.
    leave_to(stays);
    stays.recruiter_.reconcile();
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

void Pool::inherit_from(Pool& former) {
    recruiter_.inherit(former.recruiter_);
    const status::PoolPage& theirs = former.page();
    status::PoolPage& own = page();
    own.started_at.store(theirs.started_at.load());
    own.departed_requests.store(theirs.departed_requests.load());
    own.slow_requests.store(theirs.slow_requests.load());
    own.max_active.store(theirs.max_active.load());
    own.max_children_reached.store(theirs.max_children_reached.load());
    own.max_listen_queue.store(std::max(theirs.max_listen_queue.load(), own.max_listen_queue.load()));
    former.counted_ = {theirs.departed_requests.load(), theirs.slow_requests.load()};
}

void Pool::pass_on_to_heir() {
    if (heir_ == nullptr) return;
    const Counted now{page().departed_requests.load(), page().slow_requests.load()};
    heir_->page().departed_requests.fetch_add(now.requests - counted_.requests);
    heir_->page().slow_requests.fetch_add(now.slow - counted_.slow);
    counted_ = now;
    heir_->recruiter_.reconcile();
}

std::size_t Pool::living() const {
    std::size_t number = staff_.live();
    for (const Pool* former : formers_) number += former->staff_.live();
    return number + (predecessor_ != nullptr ? predecessor_->living() : 0);
}

std::size_t Pool::room() const {
    const auto most = static_cast<std::size_t>(settings().pm_max_children);
    const std::size_t taken = living();
    return most > taken ? most - taken : 0;
}

}  // namespace phalanx::master

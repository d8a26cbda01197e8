#include <fmt/format.h>

#include "pool.hpp"

// How a pool starts: its template, and its first workers.

namespace phalanx::master {

using log::Level;

void Pool::launch() {
    waking_ = false;
    template_.start();
}

TemplateStart Pool::template_start() const {
    TemplateStart start;
    start.program = worker_program();
    start.environment = around_.environment;
    start.settings = link::encode(parts_.plan.worker);
    start.workers_page = pages_.workers_fd();
    start.master_page = pages_.master_fd();
    start.listener = parts_.socket.fd.get();
    start.wake = wake_.get();
    start.access_log = parts_.access_log.get();
    start.file_limit = around_.file_limit;
    return start;
}

void Pool::template_ready(PhpIdentity php) {
    php_ = std::move(php);
    last_needed_ = base::Monotonic::now();
    recruiter_.template_started();
    if (predecessor_ != nullptr) return begin_succession();
    // In this order: "process.max" has its say before the start is over.
    recruiter_.reconcile();
    decide_start();
    // A connection may have come while there was no template to make a worker for it.
    if (is_ondemand()) dispatcher_.pump_soon();
}

/// Also when it is started later than the rest: others may wait for their turn.
void Pool::decide_start() {
    start_decided_ = true;
    awaits_first_workers_ = staff_.count(WorkerLife::ordered) > 0;
    around_.start_decided();
}

/// Then the start is over, as php-fpm's is: whoever asks for the status now sees them.
void Pool::look_whether_first_workers_came() {
    if (!awaits_first_workers_ || staff_.count(WorkerLife::ordered) > 0) return;
    awaits_first_workers_ = false;
    around_.start_decided();
}

void Pool::template_gone() {
    slow_log_.template_ended();
    decide_start();
    wait_with_succession();
    staff_.forget_orders(std::chrono::milliseconds(0));
    look_whether_first_workers_came();
    // Somebody may have come while it left.
    if (is_ondemand() && !stopping_) dispatcher_.pump_soon();
}

void Pool::workers_unmade(std::span<const link::SpawnOrder> orders) {
    say(Level::warning,
        fmt::format("{} of its workers could not be made (fork() failed, or no descriptor was left)",
                    orders.size()));
    for (const link::SpawnOrder& order : orders) staff_.forget_order(order.slot);
    recruiter_.orders_failed();
    look_whether_first_workers_came();
}

void Pool::template_does_nothing() {
    say(Level::warning, "its template makes no workers, and is ended");
    template_.end_for_doing_nothing();
}

TemplateNeed Pool::template_need() const {
    if (stopping_ || barred_ || around_.is_former_master()) return TemplateNeed::over;
    const bool can_wait = is_ondemand() && !template_.has_failed() && predecessor_ == nullptr &&
                          staff_.live() == 0 && dispatcher_.waiting() == 0;
    return can_wait ? TemplateNeed::later : TemplateNeed::now;
}

}  // namespace phalanx::master

#include <utility>

#include "dispatcher.hpp"

// How jobs come to workers: into their channels, and back where they are not taken.

namespace phalanx::master {
namespace {

/// A worker that has begun no request for that long gives back what lies in its channel: it is stopped or
/// starved, or its script takes long.
constexpr std::chrono::milliseconds untaken_limit{20};
/// How long a worker gets nothing to whom nothing could be sent for want of room.
constexpr std::chrono::milliseconds full_channel_pause{10};

}  // namespace

bool Dispatcher::take_chosen_bit() {
    return parts_.pages.take_idle(chosen_);
}

void Dispatcher::put_job_back() {
    std::vector<Job> jobs;
    jobs.push_back(std::move(job_));
    return_to_line(std::move(jobs));
}

void Dispatcher::send_job() {
    if (!hand_job_over()) spare(chosen_);
}

bool Dispatcher::hand_job_over() {
    WorkerHandle& worker = parts_.workers[chosen_.number()];
    const int held_fd = job_.held ? connections_.fd_of(*job_.held) : -1;
    if (job_.held && held_fd < 0) {
        // The connection is gone meanwhile; the worker, whose bit is cleared, has to announce itself again.
        recheck(worker);
        return true;
    }
    const std::uint64_t begun = parts_.events.requests_begun_by(worker);
    if (!worker.channel.job_sent_at()) worker.begun_at_look = begun;
    switch (worker.channel.send(job_, held_fd)) {
        case JobChannel::Sent::yes:
            ahead_.sent(chosen_, begun);
            if (job_.held) connections_.lend(*job_.held, chosen_);
            job_.lease = {};
            if (!untaken_timer_.armed())
                untaken_timer_.start(untaken_limit, [this] { check_untaken_jobs(); });
            return true;
        case JobChannel::Sent::no_memory:
            // The client is lost, the worker is not: its bit is cleared, it has to announce itself again.
            give_up(std::move(job_));
            job_ = {};
            recheck(worker);
            parts_.log.tell(ClientEvent::out_of_memory);
            return true;
        case JobChannel::Sent::full:
            put_job_back();
            return false;
        case JobChannel::Sent::unreachable:
            put_job_back();
            lose(worker);
            break;
    }
    return true;
}

/// An idle one whose bit was taken for a job that could not be sent: it is as idle as before.
void Dispatcher::spare(base::WorkerSlot slot) {
    eligible_[slot.number() / 64] &= ~(std::uint64_t{1} << (slot.number() % 64));
    parts_.pages.set_idle(slot);
    spared_.push_back(slot);
    if (!spared_timer_.armed()) spared_timer_.start(full_channel_pause, [this] { ask_spared_again(); });
}

void Dispatcher::ask_spared_again() {
    for (const base::WorkerSlot slot : std::exchange(spared_, {})) {
        if (parts_.workers[slot.number()].life != WorkerLife::serving) continue;
        eligible_[slot.number() / 64] |= std::uint64_t{1} << (slot.number() % 64);
    }
    pump_soon();
}

void Dispatcher::recheck(WorkerHandle& worker) {
    if (!worker.channel.send_control(link::MessageKind::recheck)) lose(worker);
}

/// Nothing can be sent to it that it needs. It serves what it has, leaves, and is replaced.
void Dispatcher::lose(WorkerHandle& worker) {
    worker.channel.end_sending();
    parts_.pages.master().control[worker.slot.number()].fetch_add(1);
    worker_left(worker.slot);
    parts_.events.worker_unreachable(worker);
}

void Dispatcher::check_untaken_jobs() {
    const auto now = base::Monotonic::now();
    bool some_left = false;
    for (WorkerHandle& worker : parts_.workers) {
        const auto sent_at = worker.channel.job_sent_at();
        if (!sent_at) continue;
        const std::uint64_t begun = parts_.events.requests_begun_by(worker);
        const bool goes_on = std::exchange(worker.begun_at_look, begun) != begun;
        if (goes_on) worker.channel.look_later();
        if (goes_on || now - *sent_at < untaken_limit) {
            some_left = true;
        } else {
            take_untaken_back(worker);
        }
    }
    if (some_left) untaken_timer_.start(untaken_limit, [this] { check_untaken_jobs(); });
}

void Dispatcher::take_untaken_back(WorkerHandle& worker) {
    auto [jobs, moved_controls, lost_controls] = worker.channel.take_back();
    if (!jobs.empty()) recheck(worker);
    // These messages are new ones to a worker that has looked already: one that is at work all the time would
    // not come across them otherwise.
    if (moved_controls || !jobs.empty()) parts_.pages.master().control[worker.slot.number()].fetch_add(1);
    if (lost_controls) lose(worker);
    if (jobs.empty()) return;
    ahead_.came_back(worker.slot, parts_.events.requests_begun_by(worker));
    put_in_front(std::move(jobs));
}

}  // namespace phalanx::master

// How the connections of one dispatcher go to that of the pool's next generation.

#include <algorithm>

#include "dispatcher.hpp"
#include "phalanx/os/stream_socket.hpp"

namespace phalanx::master {

void Dispatcher::hand_over(ConnectionHeir& heir) {
    stop_accepting();
    heir_ = &heir;
    pass_on(line_.take_all(), LinePlace::front);
    pass_on_parked();
}

void Dispatcher::pass_on(std::vector<Job> jobs, LinePlace place) {
    std::vector<Job> free_ones;
    for (Job& job : jobs) {
        job.lease = {};
        if (job.held) {
            job.fd = connections_.release(*job.held);
            job.held.reset();
            job.comes_back = true;
        }
        if (job.fd) free_ones.push_back(std::move(job));
    }
    heir_->inherit_jobs(std::move(free_ones), place);
}

void Dispatcher::pass_on_parked() {
    for (PassedConnection& parked : connections_.take_parked()) heir_->inherit_parked(std::move(parked));
}

EarlyAnswers& Dispatcher::answers() {
    EarlyAnswers* theirs = heir_ != nullptr ? heir_->heirs_answers() : nullptr;
    return theirs != nullptr ? *theirs : answers_;
}

void Dispatcher::inherit_jobs(std::vector<Job> jobs, LinePlace place) {
    if (heir_ != nullptr) return heir_->inherit_jobs(std::move(jobs), place);
    for (Job& job : jobs) {
        if (std::exchange(job.comes_back, false)) {
            job.held = connections_.hold(std::move(job.fd));
        } else {
            job.lease = parts_.share.lease();
        }
    }
    if (place == LinePlace::front) return put_in_front(std::move(jobs));
    for (Job& job : jobs) take_job(std::move(job));
}

void Dispatcher::inherit_parked(PassedConnection connection) {
    if (heir_ != nullptr) return heir_->inherit_parked(std::move(connection));
    connections_.park(std::move(connection));
}

void Dispatcher::inherit_given(PassedConnection connection) {
    if (heir_ != nullptr) return heir_->inherit_given(std::move(connection));
    if (draining_) return os::close_without_lingering(std::move(connection.fd));
    const LinePlace place = connection.place;
    const auto since = connection.since;
    auto job = connections_.take_in(std::move(connection));
    if (!job) return;
    job->since = since;
    if (place == LinePlace::back) return take_job(*std::move(job));
    // One after the other: put in front, they would come to stand the wrong way round.
    line_.join_by_age(*std::move(job));
    look_soon();
    pump_soon();
}

}  // namespace phalanx::master

#include "request_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "request_limits.hpp"

namespace phalanx::master {
namespace {

using status::Stage;

/// From SIGTERM to SIGKILL.
constexpr std::chrono::milliseconds kill_after{1000};

/// A wait in the line that is worth a word when a request turns out to be slow.
constexpr std::uint64_t least_wait_usec = 1'000'000;

/// php-fpm's way to show a script's name in a log line.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '\x7e'; }, '.');
    return text;
}

/// The request that took too long has ended after all.
bool is_over(const WorkerHandle& worker, const status::SlotSnapshot& now) {
    return now.stage == Stage::idle || now.requests != worker.timed_out_request;
}

}  // namespace

RequestWatch::RequestWatch(PoolSurroundings& around, const config::PoolSettings& settings, Staff& staff,
                           std::function<void(const WorkerHandle&)> slow)
    : around_(around),
      settings_(settings),
      staff_(staff),
      slow_(std::move(slow)),
      interval_(watch_interval(settings)),
      timer_(around.loop),
      kill_timer_(around.loop) {}

void RequestWatch::start() {
    if (interval_.count() == 0) return;
    timer_.start(interval_, [this] { look(); });
}

void RequestWatch::stop() {
    timer_.cancel();
}

void RequestWatch::look() {
    for (WorkerHandle& worker : staff_.handles()) {
        if (worker.life == WorkerLife::serving || worker.life == WorkerLife::leaving) look_at(worker);
    }
    timer_.start(interval_, [this] { look(); });
}

void RequestWatch::look_at(WorkerHandle& worker) {
    const status::SlotSnapshot now = staff_.snapshot(worker);
    if (worker.timed_out_at && is_over(worker, now)) staff_.spare(worker);
    const RequestFindings found = judge_request(settings_, now, worker.slow_request);
    if (found.is_slow) {
        worker.slow_request = now.requests;
        say(worker, now, "executing too slow ({}.{:06} sec), logging");
        say_wait(worker, now);
        slow_(worker);
    }
    if (!found.is_overdue) return;
    say(worker, now, "execution timed out ({}.{:06} sec), terminating");
    staff_.end_for_time(worker, now.requests);
    if (!kill_timer_.armed()) kill_timer_.start(kill_after, [this] { kill_what_stays(); });
}

void RequestWatch::say(const WorkerHandle& worker, const status::SlotSnapshot& now, const char* what) const {
    const auto time =
        fmt::format(fmt::runtime(what), now.duration_usec / 1'000'000, now.duration_usec % 1'000'000);
    around_.log.pool(settings_.name)
        .warning(fmt::format("child {}, script '{}' (request: \"{} {}{}{}\") {}", worker.pid,
                             printable(now.script), now.method, now.uri, now.query.empty() ? "" : "?",
                             now.query, time));
}

/// A line of its own: those who read php-fpm's know nothing of a wait.
void RequestWatch::say_wait(const WorkerHandle& worker, const status::SlotSnapshot& now) const {
    if (now.waited_usec < least_wait_usec) return;
    around_.log.pool(settings_.name)
        .warning(fmt::format("child {}, its slow request had waited {}.{:06} sec in the line before",
                             worker.pid, now.waited_usec / 1'000'000, now.waited_usec % 1'000'000));
}

void RequestWatch::kill_what_stays() {
    const auto now = base::Monotonic::now();
    bool some_left = false;
    for (WorkerHandle& worker : staff_.handles()) {
        if (!worker.timed_out_at) continue;
        if (is_over(worker, staff_.snapshot(worker))) {
            staff_.spare(worker);
            continue;
        }
        some_left = true;
        if (now - *worker.timed_out_at >= kill_after) (void)os::send_signal(worker.pidfd, SIGKILL);
    }
    if (some_left) kill_timer_.start(kill_after / 4, [this] { kill_what_stays(); });
}

}  // namespace phalanx::master

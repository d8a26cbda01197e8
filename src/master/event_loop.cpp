#include "event_loop.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

namespace phalanx::master {
namespace {

/// Events handled before other work gets its turn.
constexpr std::size_t batch_size = 128;

}  // namespace

Watch::Watch(Watch&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), fd_(other.fd_), place_(other.place_) {}

Watch& Watch::operator=(Watch&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(fd_, other.fd_);
    std::swap(place_, other.place_);
    return *this;
}

Watch::~Watch() {
    if (loop_ != nullptr) loop_->remove(fd_, place_);
}

void Watch::rearm(std::uint32_t events) {
    loop_->rearm(place_, events);
}

base::Result<std::unique_ptr<EventLoop>> EventLoop::create() {
    auto set = os::EpollSet::create();
    if (!set) return set.error();
    return std::unique_ptr<EventLoop>(new EventLoop(*std::move(set)));
}

base::Result<Watch> EventLoop::watch(int fd, std::uint32_t events, ReadyHandler& handler) {
    if (free_places_.empty()) {
        free_places_.push_back(static_cast<std::uint32_t>(places_.size()));
        places_.emplace_back();
    }
    const std::uint32_t place = free_places_.back();
    if (auto added = set_.add(fd, events, key(place)); !added) return added.error();
    free_places_.pop_back();
    places_[place].handler = &handler;
    places_[place].fd = fd;
    places_[place].events = events;
    places_[place].is_reported = false;
    places_[place].in_set = true;
    return Watch(this, fd, place);
}

void EventLoop::rearm(std::uint32_t place, std::uint32_t events) {
    Place& watched = places_[place];
    // epoll_ctl(2): these cannot be modified.
    const bool is_exclusive = ((watched.events | events) & EPOLLEXCLUSIVE) != 0;
    if (is_exclusive && std::exchange(watched.in_set, false)) set_.remove(watched.fd);
    watched.events = events;
    watched.is_reported = false;
    if (is_exclusive && events == 0) return;
    if (watched.in_set) return set_.modify(watched.fd, events, key(place));
    watched.in_set = set_.add(watched.fd, events, key(place)).has_value();
}

base::Result<void> EventLoop::go_on_as_copy() {
    auto set = os::EpollSet::create();
    if (!set) return set.error();
    set_ = *std::move(set);
    for (std::uint32_t place = 0; place < places_.size(); ++place) {
        Place& watched = places_[place];
        watched.in_set = false;
        // What was reported and not armed again would tell of a client that hangs up all the same.
        if (watched.handler == nullptr || watched.is_reported) continue;
        if (auto added = set_.add(watched.fd, watched.events, key(place)); !added) return added;
        watched.in_set = true;
    }
    return {};
}

void EventLoop::remove(int fd, std::uint32_t place) {
    set_.remove(fd);
    places_[place].handler = nullptr;
    ++places_[place].generation;
    free_places_.push_back(place);
}

std::uint64_t EventLoop::key(std::uint32_t place) const {
    return std::uint64_t{places_[place].generation} << 32 | place;
}

void EventLoop::after_batch(AfterBatch& work) {
    if (std::find(after_batch_.begin(), after_batch_.end(), &work) == after_batch_.end())
        after_batch_.push_back(&work);
}

void EventLoop::forget(AfterBatch& work) {
    std::erase(after_batch_, &work);
    // It may be one of those whose turn is now.
    std::ranges::replace(running_, &work, nullptr);
}

void EventLoop::run_after_batch() {
    // Work may ask for another turn of itself: that comes after the next look at events.
    running_.swap(after_batch_);
    for (std::size_t i = 0; i < running_.size(); ++i) {
        if (running_[i] != nullptr) running_[i]->after_batch();
    }
    running_.clear();
}

void EventLoop::run() {
    while (!stopped_) {
        if (after_batch_.empty()) {
            rest();
            run_turn(timers_.time_to_next());
        } else {
            run_ready();
        }
    }
}

void EventLoop::rest() {
    if (const auto time = std::exchange(rest_, {}); time.count() > 0) std::this_thread::sleep_for(time);
}

/// One batch and not all that is ready: a descriptor that only the work afterwards can quieten stays ready
/// until that has been done.
void EventLoop::run_turn(std::optional<std::chrono::milliseconds> longest_wait) {
    std::array<epoll_event, batch_size> room;
    for (const epoll_event& event : set_.wait(room, longest_wait)) {
        const auto place = static_cast<std::uint32_t>(event.data.u64);
        Place& watched = places_[place];
        if (key(place) != event.data.u64 || watched.handler == nullptr) continue;
        if ((watched.events & EPOLLONESHOT) != 0) watched.is_reported = true;
        watched.handler->on_ready(event.events);
    }
    timers_.ring();
    run_after_batch();
}

}  // namespace phalanx::master

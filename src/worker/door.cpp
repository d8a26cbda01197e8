#include "door.hpp"

#include <array>

namespace phalanx::worker {
namespace {

enum Key : std::uint64_t { listener_key, channel_key };

}  // namespace

Door::Door(int listener, int channel, base::WorkerSlot slot) : listener_(listener) {
    if (slot.number() >= places) return;
    auto set = os::EpollSet::create();
    if (!set || !set->add(channel, EPOLLIN, channel_key)) return;
    set_ = *std::move(set);
    open();
}

void Door::open() {
    if (is_open_ || !set_) return;
    is_open_ = set_->add(listener_, EPOLLIN | EPOLLEXCLUSIVE, listener_key).has_value();
}

link::Came Door::wait() {
    // Without a set the wait is the reading of the message itself.
    if (!set_) return link::Came::message;
    std::array<epoll_event, 2> room;
    auto came = link::Came::nothing;
    for (const epoll_event& event : set_->wait(room)) {
        if (event.data.u64 == listener_key) return link::Came::connection;
        came = link::Came::message;
    }
    return came;
}

void Door::shut() {
    is_open_ = false;
    if (set_) set_->remove(listener_);
}

}  // namespace phalanx::worker

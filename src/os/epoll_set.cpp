#include "phalanx/os/epoll_set.hpp"

#include <algorithm>
#include <limits>

namespace phalanx::os {

base::Result<EpollSet> EpollSet::create() {
    UniqueFd fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!fd) return base::system_error("epoll_create1() failed");
    return EpollSet(std::move(fd));
}

base::Result<void> EpollSet::add(int fd, std::uint32_t events, std::uint64_t key) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return base::system_error("epoll_ctl(ADD) failed");
    return {};
}

void EpollSet::modify(int fd, std::uint32_t events, std::uint64_t key) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    (void)::epoll_ctl(fd_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EpollSet::remove(int fd) {
    (void)::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<epoll_event> EpollSet::ready(std::span<epoll_event> room) {
    return wait(room, std::chrono::milliseconds(0));
}

std::span<epoll_event> EpollSet::wait(std::span<epoll_event> room,
                                      std::optional<std::chrono::milliseconds> longest) {
    constexpr std::chrono::milliseconds for_ever{-1};
    const auto most = std::chrono::milliseconds(std::numeric_limits<int>::max());
    const auto time = longest ? std::min(*longest, most) : for_ever;
    const int count =
        ::epoll_wait(fd_.get(), room.data(), static_cast<int>(room.size()), static_cast<int>(time.count()));
    return room.first(count > 0 ? static_cast<std::size_t>(count) : 0);
}

}  // namespace phalanx::os

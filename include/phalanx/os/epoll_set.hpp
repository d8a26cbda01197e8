#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "phalanx/base/result.hpp"
#include "phalanx/os/unique_fd.hpp"

namespace phalanx::os {

/// An epoll(7) instance whose keys are numbers of the caller's.
class EpollSet {
  public:
    [[nodiscard]] static base::Result<EpollSet> create();

    [[nodiscard]] base::Result<void> add(int fd, std::uint32_t events, std::uint64_t key);
    void modify(int fd, std::uint32_t events, std::uint64_t key);
    void remove(int fd);

    /// Waits until something is ready, as long as that takes or for `longest`; the filled part of `room`,
    /// which a signal leaves empty.
    [[nodiscard]] std::span<epoll_event> wait(
        std::span<epoll_event> room, std::optional<std::chrono::milliseconds> longest = std::nullopt);
    /// What is ready now, without waiting; the filled part of `room`.
    [[nodiscard]] std::span<epoll_event> ready(std::span<epoll_event> room);
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    explicit EpollSet(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace phalanx::os

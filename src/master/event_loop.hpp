#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/epoll_set.hpp"
#include "timer.hpp"

namespace phalanx::master {

/// Is told when a watched descriptor is ready.
class ReadyHandler {
  public:
    virtual void on_ready(std::uint32_t events) = 0;

  protected:
    ~ReadyHandler() = default;
};

/// Has work that is done once after all events of a batch, however many of them asked for it.
class AfterBatch {
  public:
    virtual void after_batch() = 0;

  protected:
    ~AfterBatch() = default;
};

class EventLoop;

/// One watched descriptor; watching ends when it goes. The descriptor stays its owner's.
class Watch {
  public:
    Watch() = default;
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    /// Waits for other events (epoll(7) bits), or re-arms after EPOLLONESHOT.
    void rearm(std::uint32_t events);
    explicit operator bool() const { return loop_ != nullptr; }

  private:
    friend class EventLoop;
    Watch(EventLoop* loop, int fd, std::uint32_t place) : loop_(loop), fd_(fd), place_(place) {}
    EventLoop* loop_ = nullptr;
    int fd_ = -1;
    std::uint32_t place_ = 0;
};

/// The master's one thread: it waits for descriptors and timers with one system call, and watching costs none
/// but those that change what is watched. The set's keys are a place and a generation in our table, so an
/// event of the same batch for something that is gone meanwhile finds nobody.
class EventLoop {
  public:
    [[nodiscard]] static base::Result<std::unique_ptr<EventLoop>> create();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    [[nodiscard]] base::Result<Watch> watch(int fd, std::uint32_t events, ReadyHandler& handler);
    /// Calls `work` once the events at hand have been handled.
    void after_batch(AfterBatch& work);
    /// Before the next look at events nothing is done for this long: what comes meanwhile is then found in
    /// one look, and nobody who sends it has to wake this process.
    void rest_once(std::chrono::microseconds time) { rest_ = time; }
    /// It may go; also while others are at work.
    void forget(AfterBatch& work);

    /// Runs until stop().
    void run();
    /// One turn of run() that does not wait: handles what is ready.
    void run_ready() { run_turn(std::chrono::milliseconds(0)); }
    void stop() { stopped_ = true; }

    /// In a copy of the process that was forked from within a handler: it watches what was watched in a set
    /// of its own, the one that both share is the original's.
    [[nodiscard]] base::Result<void> go_on_as_copy();
    [[nodiscard]] TimerQueue& timers() { return timers_; }

  private:
    friend class Watch;
    struct Place {
        ReadyHandler* handler = nullptr;
        std::uint32_t generation = 0;
        int fd = -1;
        std::uint32_t events = 0;
        bool is_reported = false;  ///< by EPOLLONESHOT: is not watched until rearm()
        bool in_set = false;
    };
    explicit EventLoop(os::EpollSet set) : set_(std::move(set)) {}
    void rest();
    void run_turn(std::optional<std::chrono::milliseconds> longest_wait);
    void run_after_batch();
    void rearm(std::uint32_t place, std::uint32_t events);
    void remove(int fd, std::uint32_t place);
    [[nodiscard]] std::uint64_t key(std::uint32_t place) const;

    os::EpollSet set_;
    TimerQueue timers_;
    std::vector<Place> places_;
    std::vector<std::uint32_t> free_places_;
    std::vector<AfterBatch*> after_batch_;
    std::vector<AfterBatch*> running_;  ///< asked for before; those that are gone since are null
    bool stopped_ = false;
    std::chrono::microseconds rest_{0};
};

}  // namespace phalanx::master

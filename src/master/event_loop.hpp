#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "phalanx/base/result.hpp"
#include "phalanx/os/epoll_set.hpp"

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

/// The master's one thread: Asio's loop for timers, and one epoll set of ours for everything else,
/// which is a single descriptor to Asio. Our set is what makes watching cheap (Asio arms one
/// descriptor again, not each) and safe: its keys are a place and a generation in our table, so an event of
/// the same batch for something that is gone meanwhile finds nobody.
class EventLoop {
  public:
    [[nodiscard]] static base::Result<std::unique_ptr<EventLoop>> create();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

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
    void run_ready();
    void rest();
    void stop() { stopped_ = true; }

    /// Around a fork of the process (from within a handler): before it, and after it on both sides. The copy
    /// watches what was watched, in sets of its own: those that both share are the original's.
    void prepare_fork() { asio_.notify_fork(boost::asio::io_context::fork_prepare); }
    void go_on_as_original() { asio_.notify_fork(boost::asio::io_context::fork_parent); }
    [[nodiscard]] base::Result<void> go_on_as_copy();
    [[nodiscard]] boost::asio::io_context& asio() { return asio_; }

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
    explicit EventLoop(os::EpollSet set);
    void wait_for_set();
    void handle_ready();
    void run_after_batch();
    void rearm(std::uint32_t place, std::uint32_t events);
    void remove(int fd, std::uint32_t place);
    [[nodiscard]] std::uint64_t key(std::uint32_t place) const;

    boost::asio::io_context asio_;
    os::EpollSet set_;
    boost::asio::posix::stream_descriptor readiness_;
    std::vector<Place> places_;
    std::vector<std::uint32_t> free_places_;
    std::vector<AfterBatch*> after_batch_;
    std::vector<AfterBatch*> running_;  ///< asked for before; those that are gone since are null
    bool stopped_ = false;
    std::chrono::microseconds rest_{0};
};

/// A timer that calls a function once, unless it is set anew or cancelled before.
class Timer {
  public:
    explicit Timer(EventLoop& loop) : timer_(loop.asio()) {}
    void start(std::chrono::milliseconds after, std::function<void()> action);
    void cancel();
    [[nodiscard]] bool armed() const { return armed_; }

  private:
    boost::asio::steady_timer timer_;
    bool armed_ = false;
    // A cancelled wait may already be on its way: it is told by an older round, and by `alive_` that this
    // object is gone.
    std::uint64_t round_ = 0;
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace phalanx::master

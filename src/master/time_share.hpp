#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "event_loop.hpp"
#include "phalanx/base/clock.hpp"

namespace phalanx::master {

/// How much of the master's time the processes of one pool get for what they send of their own accord: notes,
/// output. What is too much waits in its socket or pipe, which holds the writer back; nothing is lost. Owned
/// by the pool.
class TimeShare {
  public:
    /// Of each window of time, from the first use of it, the pool gets that much. Short: an honest pool that
    /// has used it up stands still until the next one.
    static constexpr std::chrono::milliseconds window{9};
    static constexpr std::chrono::milliseconds most{3};
    /// What an event costs besides its handling: the wake-up, and the ways to and from the event loop.
    static constexpr std::chrono::microseconds event_cost{10};

    /// Why there was something to handle. Answers to what the master has sent itself are as many as that was,
    /// and cost no share.
    enum class Cause : std::uint8_t { own_accord, answer };

    explicit TimeShare(EventLoop& loop) : timer_(loop) {}
    TimeShare(const TimeShare&) = delete;
    TimeShare& operator=(const TimeShare&) = delete;

    /// One of the watches whose events are handled within the share; watch and share outlive it.
    class Member {
      public:
        Member(TimeShare& share, Watch& watch) : share_(share), watch_(watch) {}
        Member(const Member&) = delete;
        Member& operator=(const Member&) = delete;
        ~Member() { std::erase(share_.paused_, this); }

        /// Handles what the watch has reported, or has it report again when there is time. The work says what
        /// its cause was.
        template <typename Work>
        void handle(const Work& work) {
            const auto begin = base::Monotonic::now();
            if (share_.is_used_up(begin)) return share_.pause(*this);
            if (work() == Cause::answer) return;
            share_.used_ += base::Monotonic::now() - begin + event_cost;
        }

      private:
        friend class TimeShare;
        TimeShare& share_;
        Watch& watch_;
    };

  private:
    [[nodiscard]] bool is_used_up(base::MonotonicTime now);
    void pause(Member& member);
    void resume();

    Timer timer_;
    base::MonotonicTime window_begun_;
    base::Monotonic::duration used_{0};
    std::vector<Member*> paused_;
};

}  // namespace phalanx::master

#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "door.hpp"
#include "inheritance.hpp"
#include "linger.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/link/worker_side.hpp"
#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/shared_memory.hpp"
#include "polite_yield.hpp"
#include "session.hpp"
#include "tenure.hpp"

namespace phalanx::worker {

/// The pool's php_value and php_admin_value entries as the room php takes them.
[[nodiscard]] std::vector<config::PhpValue> php_values(const link::WorkerSettings& settings);

/// A worker's whole life after its fork. `batch_parent` is the short-lived process that forked it. Returns
/// the exit code: 0, or 70 after a failure of PHP's outside of scripts.
[[nodiscard]] int run_worker(Inheritance& inherited, OwnParts own, pid_t batch_parent);

/// The worker's side of its channel (its partner: master::WorkerHandle): takes one connection at a time from
/// the master or from the listener and lets a Session serve it. A kept connection that the master has lent it
/// may stay in its hands until another comes. The order of steps is link::advance's.
class Worker final : public ConnectionTaker {
  public:
    Worker(Inheritance& inherited, OwnParts& own);

    /// Says hello and works until it is told to leave.
    [[nodiscard]] int run();

    /// Makes of a fork of this process a script's own (see ScriptChild): nothing that belongs to the worker
    /// stays open in it.
    void become_script_child();

    // ConnectionTaker
    void take_early(std::span<const std::byte> behind) noexcept override;

    // What link::advance asks for; see there.
    [[nodiscard]] bool control_changed();
    [[nodiscard]] link::Inbox take_message();
    [[nodiscard]] bool others_wait_or_draining() const;
    [[nodiscard]] bool is_draining() const { return inherited_.pages.master().draining.load() != 0; }
    [[nodiscard]] bool listener_is_watched() const { return !master_wants_wake(); }
    [[nodiscard]] link::Found accept_request();
    [[nodiscard]] link::Found accept_at_door();
    void set_idle_bit() { inherited_.pages.set_idle(own_.slot); }
    [[nodiscard]] bool master_wants_wake() const { return inherited_.pages.master().wake.load() != 0; }
    [[nodiscard]] bool needs_master() const {
        const bool is_at_door = door_.is_open() && !client_.fd;
        return !is_at_door || others_wait_or_draining();
    }
    void wake_master();
    /// The kept connection in its hands, if there is one, goes back to the master.
    void let_go();
    [[nodiscard]] link::Came wait();
    [[nodiscard]] link::Inbox receive() { return receive(os::Waiting::yes); }
    [[nodiscard]] bool take_idle_bit() { return inherited_.pages.take_idle(own_.slot); }
    void hand_on();
    [[nodiscard]] bool serve_and_stay();
    void stop_receiving();
    [[nodiscard]] bool inbox_ended() const { return inbox_ended_; }

  private:
    /// A connection in this worker's hands.
    struct Client {
        os::UniqueFd fd;
        std::optional<link::ConnectionId> held;  ///< the master has a duplicate
        std::span<const std::byte> bytes;        ///< read from it already
        std::uint32_t waited_usec = 0;           ///< its request in the master's line
        bool goes_on = false;                    ///< has its answer, stays for its next request
    };
    /// How long an idle worker waits for the request of a connection that it was told of, unless the master
    /// has something better to do for it. To pass the connection on at once would cost more than to serve it.
    static constexpr std::chrono::milliseconds head_patience{20};
    [[nodiscard]] bool take_connection();
    [[nodiscard]] link::Found look_at_head(std::chrono::milliseconds patience);
    [[nodiscard]] link::Inbox receive(os::Waiting waiting);
    [[nodiscard]] link::Inbox take_job(const link::MessageHead& head, os::ReceivedMessage& message);
    void give_to_master(Client& client, std::span<const std::byte> bytes, std::uint32_t flags);
    [[nodiscard]] bool may_stay(const Session::Result& result);
    void part_from(Client& client, const Session::Result& result);
    void say(const link::MessageHead& head, std::span<const std::byte> bytes, int fd);

    Inheritance& inherited_;
    OwnParts& own_;
    Tenure tenure_;
    Session session_;
    std::uint32_t control_seen_ = 0;
    Linger linger_;
    Door door_;
    bool lacked_memory_ =
        false;  ///< or descriptors, for an accept: the door is shut until it has served a request
    /// Before it sleeps. What only connects or sends is done sooner, what computes later.
    PoliteYield yield_before_sleep_{std::chrono::milliseconds(1)};
    /// Between requests. A client with a hundred answers to read is done sooner; workers go through as many
    /// in a time slice, and would leave it waiting that long.
    PoliteYield yield_at_work_{PoliteYield::most_of_a_tick(), 16};
    Client client_;
    os::Mapping job_memory_;
    std::array<std::byte, link::max_message_bytes> packet_;  ///< the last message, job bytes included
    std::array<std::byte, 16 * 1024> first_look_;
    bool inbox_ended_ = false;
    bool is_leaving_ = false;
    int exit_code_ = 0;
};

}  // namespace phalanx::worker

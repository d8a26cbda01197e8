#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "inheritance.hpp"
#include "phalanx/config/settings.hpp"
#include "phalanx/link/messages.hpp"
#include "phalanx/link/worker_side.hpp"
#include "phalanx/os/message_socket.hpp"
#include "phalanx/os/shared_memory.hpp"
#include "session.hpp"
#include "tenure.hpp"

namespace phalanx::worker {

/// The pool's php_value and php_admin_value entries as the room php takes them.
[[nodiscard]] std::vector<config::PhpValue> php_values(const link::WorkerSettings& settings);

/// A worker's whole life after its fork. `batch_parent` is the short-lived process that forked it. Returns
/// the exit code: 0, or 70 after a failure of PHP's outside of scripts.
[[nodiscard]] int run_worker(Inheritance& inherited, OwnParts own, pid_t batch_parent);

/// The worker's side of its channel (its partner: master::WorkerHandle): takes one connection at a time from
/// the master or from the listener and lets a Session serve it. The order of steps is link::advance's.
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
    [[nodiscard]] link::Inbox wait_for_message() { return receive(os::Waiting::yes); }
    [[nodiscard]] bool others_wait_or_draining() const;
    [[nodiscard]] link::Found accept_request();
    void set_idle_bit() { inherited_.pages.set_idle(own_.slot); }
    [[nodiscard]] bool master_wants_wake() const { return inherited_.pages.master().wake.load() != 0; }
    void wake_master();
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
    };
    [[nodiscard]] link::Inbox receive(os::Waiting waiting);
    [[nodiscard]] link::Inbox take_job(const link::MessageHead& head, os::ReceivedMessage& message);
    void give_to_master(Client& client, std::span<const std::byte> bytes, std::uint32_t flags);
    void part_from(Client& client, const Session::Result& result);
    void say(const link::MessageHead& head, std::span<const std::byte> bytes, int fd);

    Inheritance& inherited_;
    OwnParts& own_;
    Tenure tenure_;
    Session session_;
    std::uint32_t control_seen_ = 0;
    Linger linger_;
    Client client_;
    os::Mapping job_memory_;
    std::array<std::byte, link::max_message_bytes> packet_;  ///< the last message, job bytes included
    std::array<std::byte, 16 * 1024> first_look_;
    bool inbox_ended_ = false;
    int exit_code_ = 0;
};

}  // namespace phalanx::worker

#pragma once

#include <deque>
#include <functional>
#include <string>

#include "event_loop.hpp"
#include "phalanx/os/message_socket.hpp"
#include "upgrade_packet.hpp"

namespace phalanx::master {

/// One end of the socket between the two. What cannot be sent at once is kept and tried again; what comes is
/// checked for form. Owned by Successor or FormerMaster.
class UpgradeChannel final : public ReadyHandler {
  public:
    using Taker = std::function<void(UpgradePacket)>;
    UpgradeChannel(EventLoop& loop, os::UniqueFd socket, Taker take, std::function<void()> ended);
    ~UpgradeChannel();
    UpgradeChannel(const UpgradeChannel&) = delete;
    UpgradeChannel& operator=(const UpgradeChannel&) = delete;

    /// From now on packets are told of.
    [[nodiscard]] base::Result<void> watch();
    void send(UpgradePacket packet);
    void send_connection(std::uint32_t pool, PassedConnection connection);
    [[nodiscard]] bool has_sent_all() const { return queue_.empty(); }
    [[nodiscard]] bool is_open() const { return static_cast<bool>(socket_); }

    enum class Received : std::uint8_t { packet, nothing, end };
    /// The next one. `end`: the other side is gone, or has sent what is none.
    [[nodiscard]] Received receive(UpgradePacket& packet);

    void on_ready(std::uint32_t events) override;

  private:
    void flush();
    void end();

    EventLoop& loop_;
    os::UniqueFd socket_;
    Taker take_;
    std::function<void()> ended_;
    Watch watch_;
    std::deque<UpgradePacket> queue_;
    std::string parts_;
    Timer retry_timer_;
};

/// Sends one packet, or does not.
[[nodiscard]] os::SendResult send_now(int socket, const UpgradePacket& packet);

}  // namespace phalanx::master

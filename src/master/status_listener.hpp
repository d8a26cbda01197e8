#pragma once

#include <string_view>

#include "connection_table.hpp"
#include "early_answers.hpp"
#include "own_pages.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/os/listen_socket.hpp"

namespace phalanx::master {

/// The second address of a pool (php-fpm: pm.status_listen), at which its status and ping pages answer
/// whatever its workers do. php-fpm has a pool of workers for that, which would also run scripts; here the
/// master answers, and every other path is not found.
class StatusListener final : public JobTaker, public ReadyHandler {
  public:
    /// What it has from its pool, which outlives it.
    struct Parts {
        EventLoop& loop;
        const config::PoolSettings& settings;
        ConnectionBudget& budget;
        ClientLog& client_log;
        status::LinePage& page;
        log::ErrorLog& log;
        const OwnPages& pages;
    };
    StatusListener(const Parts& parts, os::ListenSocket socket);

    [[nodiscard]] base::Result<void> start();
    [[nodiscard]] os::ListenSocket& socket() { return socket_; }
    /// No new connections from now on.
    void stop();

    // ReadyHandler: the listening socket
    void on_ready(std::uint32_t events) override;
    // JobTaker
    void take_job(Job job) override;
    /// Every request is answered in the same way here.
    [[nodiscard]] bool is_own_page(std::string_view) override { return false; }

  private:
    void pause();

    EventLoop& loop_;
    log::ErrorLog& log_;
    os::ListenSocket socket_;
    const OwnPages& pages_;
    /// Apart from the pool's: neither is to keep the other's clients out.
    ConnectionShare share_;
    ConnectionTable connections_;
    EarlyAnswers answers_;
    Watch watch_;
    Timer pause_timer_;
};

}  // namespace phalanx::master

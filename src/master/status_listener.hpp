#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "connection_table.hpp"
#include "early_answers.hpp"
#include "phalanx/fastcgi/params.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/os/listen_socket.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "phalanx/status/scoreboard.hpp"

namespace phalanx::master {

/// The second address of a pool (php-fpm: pm.status_listen), at which its status and ping pages answer
/// whatever its workers do. php-fpm has a pool of workers for that, which would also run scripts; here the
/// master answers, and every other path is not found.
class StatusListener final : public JobTaker, public ReadyHandler {
  public:
    struct Parts {
        os::ListenSocket socket;
        std::string status_path;
        std::string ping_path;  ///< empty: none
        std::string ping_response;
        std::optional<os::AllowedClients> allowed_clients;  ///< nothing: everyone
        std::function<status::PoolSnapshot()> snapshot;
    };
    /// `log` writes under the pool's name.
    StatusListener(EventLoop& loop, log::ErrorLog& log, Parts parts);

    [[nodiscard]] base::Result<void> start();
    [[nodiscard]] os::ListenSocket& socket() { return parts_.socket; }
    /// No new connections from now on.
    void stop();

    // ReadyHandler: the listening socket
    void on_ready(std::uint32_t events) override;
    // JobTaker
    void take_job(Job job) override;
    void connection_ended(const char*) override {}

  private:
    void pause();
    [[nodiscard]] std::string answer_to(std::string_view head) const;
    [[nodiscard]] std::string page_for(const fastcgi::Params& params, std::string& error) const;

    EventLoop& loop_;
    log::ErrorLog& log_;
    Parts parts_;
    ConnectionTable connections_;
    EarlyAnswers answers_;
    Watch watch_;
    Timer pause_timer_;
};

}  // namespace phalanx::master

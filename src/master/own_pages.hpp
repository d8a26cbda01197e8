#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "phalanx/fastcgi/params.hpp"
#include "phalanx/log/error_log.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "phalanx/status/scoreboard.hpp"

namespace phalanx::master {

/// A pool's status and ping pages as the master gives them, without a worker: at the pool's second address
/// (pm.status_listen), and at its own while no worker is free. The only place where the master looks into
/// what a client sends beyond record headers, and only for a request's path, method and query.
class OwnPages {
  public:
    /// Where they are asked for: at the pool's own address, or at its second one.
    enum class Address { of_pool, of_status };
    struct Parts {
        std::string status_path;  ///< empty: none
        std::string ping_path;    ///< empty: none
        std::string ping_response;
        std::optional<os::AllowedClients> allowed_clients;  ///< nothing: everyone
        std::function<status::PoolSnapshot()> snapshot;
        /// For the head; empty: not to be shown.
        std::function<std::string(Address)> php_version = [](Address) { return std::string(); };
    };
    explicit OwnPages(Parts parts) : parts_(std::move(parts)) {}

    [[nodiscard]] bool exist() const { return !parts_.status_path.empty() || !parts_.ping_path.empty(); }
    [[nodiscard]] bool admits(int connection) const {
        return !parts_.allowed_clients || parts_.allowed_clients->admits(connection);
    }
    /// Whether a request's whole head asks for one of them, by php-fpm's rule: by its REQUEST_URI's path as
    /// SCRIPT_NAME says it, with a REQUEST_METHOD.
    [[nodiscard]] bool are_asked_for(std::string_view head) const;
    /// The whole answer, as records, to a request's head: a page, or "not found". Empty: none is due.
    [[nodiscard]] std::string answer_to(std::string_view head, Address at) const;
    /// The same for a connection of which `head` has been read: where it is empty, the whole head was only
    /// looked at, and is read now. Empty, too, where the client is gone.
    [[nodiscard]] std::string answer_on(int connection, std::string_view head, Address at) const;

  private:
    [[nodiscard]] std::string page_for(const fastcgi::Params& params, Address at, std::string& error) const;
    /// The header line with which PHP begins every answer (expose_php).
    [[nodiscard]] std::string powered_by(Address at) const;

    Parts parts_;
};

}  // namespace phalanx::master

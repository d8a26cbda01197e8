#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "client_stream.hpp"
#include "inheritance.hpp"
#include "phalanx/fastcgi/params.hpp"
#include "phalanx/fastcgi/request_reader.hpp"
#include "phalanx/fastcgi/response_writer.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "phalanx/php/request.hpp"
#include "request.hpp"
#include "script_child.hpp"
#include "slow_client_report.hpp"
#include "tenure.hpp"

namespace phalanx::worker {

/// Serves the requests of one connection at a time: reads heads, has PHP run, ends answers, and judges
/// whether the connection goes on. It does not own connections: where they come from and go to is the
/// Worker's affair.
class Session {
  public:
    Session(Inheritance& inherited, const OwnParts& own, ConnectionTaker& taker);

    /// closing: the client has its answer and may still be sending; somebody has to take that before the
    /// connection is closed, lest the answer is lost in a reset.
    enum class End { closed, closing, kept, taken_early };
    struct Result {
        End end = End::closed;
        std::span<const std::byte> leftover;  ///< read past the last one; holds until the next serve()
        std::optional<int> exit_code;         ///< the process is good for no other request
        bool tenure_is_over = false;
    };
    struct Connection {
        int fd = -1;
        std::span<const std::byte> bytes;  ///< read from it before; they live until serve() returns
        std::uint32_t waited_usec = 0;     ///< by its first request, in the master's line
        bool goes_on = false;              ///< a kept one, whose next head has begun to come
    };
    /// Returns when the next request is not here whole, or the connection or the worker's tenure is over.
    [[nodiscard]] Result serve(const Connection& connection, Tenure& tenure);

    /// listen.allowed_clients; a refusal is logged.
    [[nodiscard]] bool admits(int fd) const;

    /// See Worker::become_script_child.
    void become_script_child();

    void replace_access_log(os::UniqueFd log) { request_.replace_access_log(std::move(log)); }

  private:
    [[nodiscard]] Result serve_requests(Tenure& tenure, bool may_lack_head);
    enum class Next { request, wait, over, closing };
    [[nodiscard]] Next next_head(fastcgi::HeadOutcome& head);
    [[nodiscard]] bool has_all_of_request();
    [[nodiscard]] fastcgi::Finish drain_before_end();
    [[nodiscard]] bool run(const fastcgi::RequestHead& head, Result& result);

    const Inheritance& inherited_;
    base::WorkerSlot slot_;
    fastcgi::Params params_;  ///< of the request that was read last
    SlowClientReport slow_clients_;
    ClientStream stream_;
    fastcgi::RequestReader reader_;
    fastcgi::ResponseWriter writer_;
    std::optional<os::AllowedClients> allowed_clients_;
    php::RequestPolicy policy_;
    Request request_;
    bool restores_signals_;  ///< scripts can change what signals do
    std::optional<ScriptChild> script_child_;
};

}  // namespace phalanx::worker

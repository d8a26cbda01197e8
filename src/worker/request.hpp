#pragma once

#include <optional>
#include <span>
#include <string>

#include "access_logger.hpp"
#include "client_stream.hpp"
#include "inheritance.hpp"
#include "phalanx/fastcgi/params.hpp"
#include "phalanx/fastcgi/request_reader.hpp"
#include "phalanx/fastcgi/response_writer.hpp"
#include "phalanx/php/request_port.hpp"
#include "phalanx/status/slot_writer.hpp"

namespace phalanx::worker {

/// Takes a connection back whose request goes on without it (fastcgi_finish_request).
class ConnectionTaker {
  public:
    /// The request's answer has ended, all of it was read, and what was read past it is `behind`.
    virtual void take_early(std::span<const std::byte> behind) noexcept = 0;

  protected:
    ~ConnectionTaker() = default;
};

/// What a request works with; its session owns them.
struct RequestParts {
    ConnectionTaker& taker;
    ClientStream& stream;
    fastcgi::RequestReader& reader;
    fastcgi::ResponseWriter& writer;
    fastcgi::Params& params;
};

/// One request as PHP sees it, over a FastCGI connection: body in, answer out, scoreboard, access log, status
/// and ping pages. One object serves all requests of a worker; begin() sets every field of it anew.
class Request final : public php::RequestPort {
  public:
    Request(Inheritance& inherited, base::WorkerSlot slot, RequestParts parts);

    /// The first request of a connection has waited that long.
    void connection_begins(std::uint32_t waited_usec);
    void reading_begins() { slot_.begin_reading(); }
    void begin(const fastcgi::RequestHead& head);
    /// Sends the rest of the answer and its end record, unless the script has done that.
    bool finish_answer();
    /// Tells the reader of this worker's output that a request is over.
    void mark_output_end() const;
    /// The worker is idle again.
    void rest() { slot_.idle(); }
    void replace_access_log(os::UniqueFd log) { access_log_.replace(std::move(log)); }

    // php::RequestPort
    [[nodiscard]] fastcgi::Params& params() noexcept override { return parts_.params; }
    [[nodiscard]] const char* role() const noexcept override;
    bool answer_without_php(const php::ScriptBegin& request) noexcept override;
    std::size_t read_body(std::span<char> room) noexcept override { return parts_.reader.read_body(room); }
    [[nodiscard]] bool body_was_cut() const noexcept override { return parts_.reader.body_was_cut(); }
    bool write_head(std::string_view lines) noexcept override;
    bool write_body(std::string_view bytes) noexcept override;
    bool flush() noexcept override { return parts_.writer.flush(); }
    bool finish() noexcept override;
    void log(const php::Message& message, bool to_web_server) noexcept override;
    void script_begins(const php::ScriptBegin& request) noexcept override;
    void script_ended(const php::ScriptEnd& end) noexcept override;

  private:
    bool write(fastcgi::ResponseWriter::Stream stream, std::string_view bytes) noexcept;
    void hand_connection_on() noexcept;
    void tell_waiting_time();

    Inheritance& inherited_;
    RequestParts parts_;
    status::SlotWriter slot_;
    AccessLogger access_log_;
    bool counts_cpu_;  ///< two system calls per request that only the status page and %C need
    CpuTime cpu_at_begin_;
    std::uint32_t waited_usec_ = 0;  ///< by the next request to begin, in the master's line
    fastcgi::RequestHead head_;
    bool answer_ended_ = false;  ///< END_REQUEST was sent
    bool messages_begun_ = false;
    php::ScriptBegin script_;
};

}  // namespace phalanx::worker

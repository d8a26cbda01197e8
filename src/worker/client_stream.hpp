#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <span>

#include "phalanx/fastcgi/byte_stream.hpp"
#include "phalanx/link/worker_settings.hpp"
#include "phalanx/os/stream_socket.hpp"
#include "phalanx/status/slot_writer.hpp"
#include "slow_client_report.hpp"

namespace phalanx::worker {

/// The connection a worker serves, as the room fastcgi reads and writes it. Lends the descriptor. Waits for a
/// client that stands still, but not for ever.
class ClientStream final : public fastcgi::ByteSource, public fastcgi::ByteSink {
  public:
    /// How long a client may send nothing once it has its answer and only the rest of an unread body is
    /// awaited. Before that, request_body_timeout says.
    static constexpr std::chrono::milliseconds answered_stall_limit{1500};
    /// And how long that may take in all, from the first byte of it that comes.
    static constexpr std::chrono::seconds answered_limit{30};

    ClientStream(const link::WorkerSettings& settings, int listener, const SlowClientReport& slow_clients)
        : body_timeout_(settings.body_timeout),
          write_timeout_(settings.write_timeout),
          is_tcp_(!os::is_unix_socket(listener)),
          slow_clients_(slow_clients),
          read_limit_(body_timeout_) {}

    /// Whose scoreboard entry learns that an answer has begun.
    void tell(status::SlotWriter& slot) { slot_ = &slot; }
    void attach(int fd) {
        fd_ = fd;
        ends_with_answer_ = false;
        was_slow_ = false;
        await_request();
    }
    /// The connection goes elsewhere while its request is still running. From here on there is no client: all
    /// reads end, all writes fail, and no descriptor that gets the old one's number is touched.
    void detach() { fd_ = -1; }
    [[nodiscard]] bool is_detached() const { return fd_ < 0; }
    /// A request's answer is yet to come, or has been sent.
    void begin_request(bool keeps_connection);
    void end_answer();
    /// Something of the running request's answer may have reached the client. Async-signal-safe.
    [[nodiscard]] bool answer_begun() const { return answer_begun_ != 0; }
    /// A signal handler is about to answer in its place. Async-signal-safe.
    void note_last_words() const {
        if (slot_ != nullptr) slot_->last_words_sent();
    }
    [[nodiscard]] int fd() const { return fd_; }

    std::ptrdiff_t read(std::span<std::byte> room) noexcept override;
    bool write(std::span<const fastcgi::Piece> pieces) noexcept override;
    bool write_last(std::span<const fastcgi::Piece> pieces) noexcept override;
    [[nodiscard]] bool is_open() noexcept override { return os::can_send(fd_); }

    /// Tells the client that no more will come (shutdown of our direction).
    void say_end() const;

  private:
    using Send = os::Delivery (*)(int connection, std::span<iovec> pieces, std::chrono::milliseconds limit);
    bool write(std::span<const fastcgi::Piece> pieces, Send send) noexcept;
    /// What is read from now on is a request, not what comes after an answer.
    void await_request();
    bool may_read_on();
    void tell_slow(link::SlowClient how) noexcept;

    std::chrono::milliseconds body_timeout_, write_timeout_;
    const bool is_tcp_;
    const SlowClientReport& slow_clients_;
    bool was_slow_ = false;  ///< this connection's client; said once
    int fd_ = -1;
    bool ends_with_answer_ =
        false;  ///< the connection, as far as its client sees; only TCP can say both at once
    std::chrono::milliseconds read_limit_;
    /// Once an answer has been sent: reads that come then have an end together, which begins with the second
    /// (mostly there is none, and the clock need not be read).
    struct AfterAnswer {
        bool has_read = false;
        std::optional<std::chrono::steady_clock::time_point> deadline;
    };
    std::optional<AfterAnswer> after_answer_;
    status::SlotWriter* slot_ = nullptr;
    volatile std::sig_atomic_t answer_begun_ = 0;
};

}  // namespace phalanx::worker

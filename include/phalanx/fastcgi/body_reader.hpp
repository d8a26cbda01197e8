#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "phalanx/fastcgi/buffered_source.hpp"
#include "phalanx/fastcgi/record.hpp"

namespace phalanx::fastcgi {

/// How far a request's body has come.
enum class BodyState : std::uint8_t {
    open,             ///< bytes are still to come
    complete,         ///< all of CONTENT_LENGTH was read
    ended_early,      ///< the STDIN stream ended before CONTENT_LENGTH
    aborted,          ///< ABORT_REQUEST came first (5.4)
    violation,        ///< something else than this request's body came
    connection_lost,  ///< the stream ended or failed
};

/// Whether a connection may serve another request.
enum class Finish : std::uint8_t { keep, drop };

/// The STDIN stream of one request up to its CONTENT_LENGTH, whatever the records it is cut into. What
/// follows those bytes is never handed out. RequestReader's part that knows bodies; it owns the source.
class BodyReader {
  public:
    enum class Input : std::uint8_t { open, ended };

    explicit BodyReader(BufferedSource& source) : source_(source) {}

    /// A request's head has been read; its body is empty until expect() says otherwise.
    void start(std::uint16_t request_id, Input input);
    void expect(std::uint64_t length);
    /// Fills all of `room` unless the body ends first: PHP takes a short read for the end.
    [[nodiscard]] std::size_t read(std::span<std::byte> room);
    /// Reads and drops the rest of the body and its record's padding, then judges whether what follows can be
    /// the next request. May wait for the body and the padding, never for anything behind them.
    [[nodiscard]] Finish finish();
    /// What finish() would leave for the next request, if that neither waits nor drops the connection. Uses
    /// nothing up: the body can still be read.
    [[nodiscard]] std::optional<std::span<const std::byte>> bytes_behind() const;
    [[nodiscard]] BodyState state() const { return state_; }
    /// The client has ended the STDIN stream, as far as finish() has seen: nothing more of the request comes.
    [[nodiscard]] bool stream_ended() const {
        return stream_ended_ || input_ == Input::ended || state_ == BodyState::ended_early;
    }

  private:
    [[nodiscard]] bool next_record();
    [[nodiscard]] bool ignore(const RecordHeader& header);
    [[nodiscard]] bool end(BodyState state);
    [[nodiscard]] bool drain();
    [[nodiscard]] Finish judge_what_follows();

    BufferedSource& source_;
    BodyState state_ = BodyState::complete;
    std::uint16_t request_id_ = 0;
    Input input_ = Input::open;
    bool stream_ended_ = false;
    std::uint64_t left_ = 0;       ///< of CONTENT_LENGTH
    std::size_t record_left_ = 0;  ///< content of the current record
    std::size_t padding_left_ = 0;
    std::size_t ignored_ = 0;
};

}  // namespace phalanx::fastcgi

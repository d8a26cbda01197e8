#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "phalanx/fastcgi/body_reader.hpp"
#include "phalanx/fastcgi/buffered_source.hpp"
#include "phalanx/fastcgi/byte_stream.hpp"
#include "phalanx/fastcgi/head_rules.hpp"
#include "phalanx/fastcgi/params.hpp"
#include "phalanx/fastcgi/params_decoder.hpp"

namespace phalanx::fastcgi {

/// What RequestReader::read_head found.
struct HeadOutcome {
    enum class Kind : std::uint8_t {
        request,        ///< `head` and the params are valid; the body follows
        answer,         ///< a management record: send `answer`, then read_head again
        end_of_stream,  ///< the client closed between requests
        truncated,      ///< the client closed within a head
        failed,         ///< the source had an error or a time-out
        violation,      ///< `what` says why; the connection is to be dropped, as php-fpm does
        unknown_role,   ///< `head.request_id` and its keep flag are valid; php-fpm drops the connection
    };

    Kind kind = Kind::violation;
    RequestHead head;
    std::span<const std::byte> answer;  ///< whole records; holds until the next read_head
    std::string_view what;              ///< static text
};

/// Reads the requests of one connection, one after another: head, body, end. The worker's partner of
/// HeadScanner. Order of calls: read_head until `request`, expect_body, read_body, finish_request, read_head
/// ... Allocates nothing itself once the params' buffers have grown.
class RequestReader {
  public:
    explicit RequestReader(ByteSource& source) : source_(source), body_(source_) {}
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    /// Forgets all, for a new connection behind the same source.
    void reset();
    /// Bytes of the connection that somebody else has read. They must live until they are used up; call it on
    /// a new or reset reader only.
    void prime(std::span<const std::byte> bytes) { source_.prime(bytes); }

    /// Reads the next head, waiting exactly while a HeadScanner would say `incomplete`. `params` is cleared
    /// first. After violation, unknown_role, truncated, failed and end_of_stream it gives the same again.
    /// Panics between a request's head and its finish_request.
    [[nodiscard]] HeadOutcome read_head(Params& params);

    /// How long the body is, see content_length(). Without it the body is empty.
    void expect_body(std::uint64_t length) { body_.expect(length); }
    /// Fills all of `room` unless the body ends first; 0 at its end.
    [[nodiscard]] std::size_t read_body(std::span<char> room);
    [[nodiscard]] BodyState body_state() const { return body_.state(); }
    /// Every byte of CONTENT_LENGTH was read; false as long as it was not.
    [[nodiscard]] bool body_complete() const { return body_.state() == BodyState::complete; }
    /// The body broke off: neither CONTENT_LENGTH nor the end of the STDIN stream was reached.
    [[nodiscard]] bool body_was_cut() const;

    /// Within a request that has arrived as a whole: what was read past it. Nothing where the rest of it is
    /// still on its way or the connection is good for no other. Ends nothing; holds as leftover() does.
    [[nodiscard]] std::optional<std::span<const std::byte>> bytes_behind() const {
        return body_.bytes_behind();
    }
    /// Ends the request: drops what is left of its body (at most kMaxDrainBytes, waiting for it) and says
    /// whether the connection is in step for another one. `drop` after surplus, missing or foreign bytes.
    /// Does not wait for the empty STDIN record: the next head passes over it.
    [[nodiscard]] Finish finish_request();
    /// After finish_request: the client has sent all of the request, also the empty record that ends its
    /// body.
    [[nodiscard]] bool input_ended() const { return body_.stream_ended(); }
    /// Bytes that were read past the finished request. Holds until the next call that is not const.
    [[nodiscard]] std::span<const std::byte> leftover() const { return source_.buffered(); }
    /// Between requests, with nothing left over: reads what the source gives next. False: its end, which
    /// read_head will tell.
    [[nodiscard]] bool fetch() { return source_.await(); }
    /// read_head would not wait.
    [[nodiscard]] bool next_head_buffered() const;

  private:
    [[nodiscard]] HeadOutcome read_records(Params& params);
    [[nodiscard]] std::optional<HeadOutcome> take_begin(HeadRules& rules, const RecordHeader& header);
    [[nodiscard]] HeadOutcome take_management(const RecordHeader& header, Params& params);
    [[nodiscard]] HeadOutcome take_end(const HeadRules& rules, const RecordHeader& header);
    [[nodiscard]] bool feed_params(const RecordHeader& header, Params& params);
    [[nodiscard]] HeadOutcome stopped(HeadOutcome::Kind at_end) const;
    [[nodiscard]] std::span<const std::byte> values_answer(bool multiplexing_asked);
    [[nodiscard]] std::span<const std::byte> unknown_type_answer(RecordType type);

    BufferedSource source_;
    BodyReader body_;
    ParamsDecoder decoder_;
    std::optional<HeadOutcome> final_;  ///< after it the connection has no more requests
    bool in_request_ = false;
    std::array<std::byte, 32> answer_{};
};

}  // namespace phalanx::fastcgi

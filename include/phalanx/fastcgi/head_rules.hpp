#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "phalanx/fastcgi/record.hpp"

namespace phalanx::fastcgi {

/// What one record means where it stands in a request's head.
enum class HeadStep : std::uint8_t {
    skip,        ///< empty STDIN before BEGIN: the late end of the previous request's body
    begin,       ///< BEGIN_REQUEST; its body goes to HeadRules::begin_body
    params,      ///< a piece of the PARAMS stream
    params_end,  ///< the head is complete once this record has wholly arrived
    management,  ///< GET_VALUES or an unknown management type: to be answered once it has wholly arrived
    violation,   ///< refused on the strength of its header alone
    too_large,   ///< refused: the head would exceed kMaxHeadBytes or kMaxParamsBytes
};

/// What BEGIN_REQUEST says (5.1).
struct RequestHead {
    std::uint16_t request_id = 0;  ///< any 16-bit number, 0 too, as php-fpm has it
    Role role = Role::responder;
    bool keep_connection = false;
};

/// The grammar of a request's head, judged record by record from headers and BEGIN's body alone. The one
/// place that both HeadScanner (in the master) and RequestReader (in the worker) ask, so that the two cannot
/// differ on where a head ends. Fixed size, no allocation; one object per head.
///
///   head = { empty STDIN } , ( management | BEGIN { PARAMS } ( empty PARAMS | empty STDIN ) )
///
/// An empty STDIN in place of the empty PARAMS ends both streams, which php-fpm's clients may rely on.
class HeadRules {
  public:
    /// Judges the next record. After a final step (all but skip, begin, params) it is not asked again.
    [[nodiscard]] HeadStep next(const RecordHeader& header);
    /// Takes BEGIN's body. False: its role is none that is known.
    [[nodiscard]] bool begin_body(std::span<const std::byte, kBeginBodyBytes> body);

    /// BEGIN_REQUEST was seen.
    [[nodiscard]] bool begun() const { return begun_; }
    [[nodiscard]] const RequestHead& head() const { return head_; }
    /// The body's stream ended together with the head.
    [[nodiscard]] bool input_ended() const { return input_ended_; }
    /// Why, after `violation` and `too_large`. Static text.
    [[nodiscard]] std::string_view what() const { return what_; }

  private:
    [[nodiscard]] HeadStep before_begin(const RecordHeader& header);
    [[nodiscard]] HeadStep after_begin(const RecordHeader& header);
    [[nodiscard]] HeadStep refuse(HeadStep step, std::string_view what);

    RequestHead head_;
    std::size_t head_bytes_ = 0;
    std::size_t params_bytes_ = 0;
    bool begun_ = false;
    bool input_ended_ = false;
    std::string_view what_;
};

}  // namespace phalanx::fastcgi

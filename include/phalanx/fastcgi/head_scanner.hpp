#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "phalanx/fastcgi/head_rules.hpp"
#include "phalanx/fastcgi/limits.hpp"
#include "phalanx/fastcgi/record.hpp"

namespace phalanx::fastcgi {

/// Tells from the bytes at the start of a request whether a worker can go on without waiting for more of the
/// head. It is the only code that a master running as root applies to what clients send: fixed size, no
/// allocation, it looks at record headers and BEGIN's body and never at a parameter. Its partner in the
/// worker is RequestReader, whose read_head waits for more bytes exactly while this says `incomplete`. How
/// the bytes are cut into feeds makes no difference.
class HeadScanner {
  public:
    enum class Verdict : std::uint8_t {
        incomplete,  ///< read_head would wait
        complete,  ///< BEGIN and all PARAMS are here: read_head gives the request, or refuses its parameters
        for_worker,  ///< a worker has something to answer or refuse: management record, violation, unknown
                     ///< role
        too_large,   ///< the head needs more than kMaxHeadBytes (or kMaxParamsBytes): read_head refuses it
    };

    /// Looks at the next bytes. Those after the first final verdict are not looked at.
    Verdict feed(std::span<const std::byte> bytes);
    [[nodiscard]] Verdict verdict() const { return verdict_; }
    /// Any byte was seen: the connection is no longer silent.
    [[nodiscard]] bool begun() const { return consumed_ != 0; }
    /// All that was seen is whole records that belong to no request (HeadStep::skip), or nothing: who comes
    /// later misses nothing.
    [[nodiscard]] bool between_requests() const {
        return verdict_ == Verdict::incomplete && stage_ == Stage::header && block_used_ == 0 &&
               !rules_.begun();
    }
    /// Bytes looked at: after `complete`, the head's length from the first byte fed.
    [[nodiscard]] std::size_t head_bytes() const { return consumed_; }
    /// What BEGIN said; meaningful after `complete`.
    [[nodiscard]] const RequestHead& head() const { return rules_.head(); }
    [[nodiscard]] bool keep_connection() const { return rules_.head().keep_connection; }
    /// Forgets all, for the next head.
    void reset() { *this = HeadScanner(); }

  private:
    enum class Stage : std::uint8_t { header, begin_body, rest };

    [[nodiscard]] std::size_t step(std::span<const std::byte> bytes);
    [[nodiscard]] std::size_t collect(std::span<const std::byte> bytes);
    void judge_header();
    void judge_begin_body();

    HeadRules rules_;
    Verdict verdict_ = Verdict::incomplete;
    Verdict at_record_end_ = Verdict::incomplete;
    Stage stage_ = Stage::header;
    std::array<std::byte, kHeaderBytes>
        block_{};  ///< a header or BEGIN's body, both 8 bytes, as far as arrived
    std::size_t block_used_ = 0;
    std::size_t rest_ = 0;  ///< bytes of the current record that are skipped
    std::size_t consumed_ = 0;
    static_assert(kBeginBodyBytes == kHeaderBytes);
};

}  // namespace phalanx::fastcgi

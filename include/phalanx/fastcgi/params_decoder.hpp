#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "phalanx/fastcgi/params.hpp"

namespace phalanx::fastcgi {

/// Decodes a stream of name-value pairs (FastCGI 1.0, 3.4) that arrives in pieces cut anywhere: a pair may
/// span records, which the specification allows and php-fpm refuses. Lengths are checked against the limits
/// before a byte of the pair is kept. A violation is remembered, and all that follows it is ignored.
class ParamsDecoder {
  public:
    /// For the next stream; keeps its memory.
    void reset();
    /// Takes the next piece of the stream and adds the pairs that it completes to `params`.
    void feed(std::span<const std::byte> bytes, Params& params);
    /// The stream has ended: a pair begun and not finished is a violation.
    void end();
    /// Why the stream was refused, static text; empty: it is good so far.
    [[nodiscard]] std::string_view violation() const { return violation_; }

  private:
    enum class Stage : std::uint8_t { name_length, value_length, text };

    /// Takes a pair with lengths of one byte that lies in `bytes` as a whole. 0: there is none.
    [[nodiscard]] std::size_t feed_short_pair(std::string_view bytes, Params& params);
    [[nodiscard]] std::size_t feed_length(std::byte next);
    [[nodiscard]] std::size_t feed_text(std::string_view bytes, Params& params);
    void take_length(std::uint32_t length);
    void finish_pair(std::string_view text, Params& params);

    Stage stage_ = Stage::name_length;
    std::uint32_t length_ = 0;             ///< of the length being read, as far as arrived
    std::uint32_t length_bytes_left_ = 0;  ///< 0: its first byte has not arrived
    std::size_t name_size_ = 0;
    std::size_t value_size_ = 0;
    std::size_t total_ = 0;
    std::size_t pairs_ = 0;
    std::string pending_;  ///< name and value of a pair that one piece did not hold, as far as arrived
    std::string_view violation_;
};

}  // namespace phalanx::fastcgi

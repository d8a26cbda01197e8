#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "phalanx/fastcgi/byte_stream.hpp"
#include "phalanx/fastcgi/record.hpp"

namespace phalanx::fastcgi {

/// Writes the responses of one connection as records (FastCGI 1.0, 5.5 and 6): STDOUT and STDERR with padding
/// to a multiple of 8, then one END_REQUEST. Small pieces gather in a buffer, so that head, short body and
/// end leave in one write; what does not fit is sent at once with the buffer in the same write, and not
/// copied. There are no empty end records for the streams, as in php-fpm. Allocates nothing. Does not own the
/// sink.
class ResponseWriter {
  public:
    static constexpr std::size_t kBufferBytes = 16UL * 1024;
    static constexpr std::size_t kMaxPieces = 64;  ///< of one ByteSink::write
    /// The greatest content that is a multiple of 8: such records need no padding.
    static constexpr std::size_t kMaxRecordContent = kMaxContentBytes / 8 * 8;

    enum class Stream : std::uint8_t { output, error };

    explicit ResponseWriter(ByteSink& sink) : sink_(sink) {}
    ResponseWriter(const ResponseWriter&) = delete;
    ResponseWriter& operator=(const ResponseWriter&) = delete;

    /// Starts a response. What an earlier one left in the buffer is dropped, its failure forgotten.
    void begin(std::uint16_t request_id);
    /// Appends to one of the response's streams; order across streams is kept. False: the client is gone, now
    /// or earlier. After end() nothing is written.
    bool write(Stream stream, std::string_view bytes);
    /// Sends what the buffer holds; where that is nothing, asks whether the client is still there.
    bool flush();
    /// Sends END_REQUEST together with what the buffer holds. The second and later calls do nothing.
    bool end(std::uint32_t app_status, ProtocolStatus status);

    /// The sink refused a write of this response: nothing reaches it any more.
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool ended() const { return ended_; }
    /// Bytes that the sink has taken since begin(), with records' headers and padding.
    [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }

  private:
    [[nodiscard]] bool fits(Stream stream, std::size_t size) const;
    void append(Stream stream, std::string_view bytes);
    void close_record();
    [[nodiscard]] bool send_large(Stream stream, std::string_view bytes);
    [[nodiscard]] bool send(std::span<const Piece> pieces);
    [[nodiscard]] RecordHeader header_for(Stream stream, std::size_t size) const;

    ByteSink& sink_;
    std::uint16_t request_id_ = 0;
    bool failed_ = false;
    bool ended_ = false;
    bool record_open_ = false;
    Stream open_stream_ = Stream::output;
    std::size_t open_start_ = 0;  ///< where the open record's header stands in the buffer
    std::size_t used_ = 0;
    std::uint64_t bytes_sent_ = 0;
    std::array<std::byte, kBufferBytes> buffer_{};
};

}  // namespace phalanx::fastcgi

#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace phalanx::fastcgi {

/// Where a request's bytes come from: a connection in the worker, memory in tests. Waiting, time-outs and
/// interrupted calls are its own affair.
class ByteSource {
  public:
    virtual ~ByteSource() = default;
    /// Fills the front of `room` (never empty). Returns how many bytes, at least 1; 0 at the end of the
    /// stream; less than 0 after an error or a time-out. After 0 or less it is not asked again.
    virtual std::ptrdiff_t read(std::span<std::byte> room) noexcept = 0;
};

using Piece = std::span<const std::byte>;

/// Where a response's bytes go.
class ByteSink {
  public:
    virtual ~ByteSink() = default;
    /// Sends all pieces in order (at most ResponseWriter::kMaxPieces, none empty). False: the client is gone,
    /// and the sink is not used again for this request.
    virtual bool write(std::span<const Piece> pieces) noexcept = 0;
    /// The same for those that end an answer: a sink that knows can end the connection with them.
    virtual bool write_last(std::span<const Piece> pieces) noexcept { return write(pieces); }
    /// False: the client is known to be gone.
    [[nodiscard]] virtual bool is_open() noexcept { return true; }
};

/// A sink that gathers everything in a text.
class TextSink final : public ByteSink {
  public:
    explicit TextSink(std::string& text) : text_(text) {}
    bool write(std::span<const Piece> pieces) noexcept override {
        for (const Piece& piece : pieces)
            text_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        return true;
    }

  private:
    std::string& text_;
};

}  // namespace phalanx::fastcgi

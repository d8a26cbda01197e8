#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "phalanx/fastcgi/byte_stream.hpp"

namespace phalanx::fastcgi {

/// The one buffer between a connection and those who read its records. First it gives the bytes somebody else
/// had read already (prime), then what the source gives. Does not own the source.
class BufferedSource {
  public:
    static constexpr std::size_t kBufferBytes = 16UL * 1024;

    enum class State : std::uint8_t {
        open,
        end_of_stream,
        failed,  ///< an error or a time-out
    };

    explicit BufferedSource(ByteSource& source) : source_(source) {}

    /// Forgets all, for a new connection behind the same source.
    void reset();
    /// Bytes that come before all others; the caller keeps them alive until they are used up or reset() is
    /// called. Panics unless nothing is buffered.
    void prime(std::span<const std::byte> bytes);

    /// What has arrived and is not used up. Holds until the next call that is not const.
    [[nodiscard]] std::span<const std::byte> buffered() const { return rest_; }
    void consume(std::size_t count);
    /// Waits until something is buffered. False: nothing will come any more, see state().
    [[nodiscard]] bool await();
    /// Fills all of `room`, waiting if it must. False: the stream ended first; what had come is lost.
    [[nodiscard]] bool read_exactly(std::span<std::byte> room);
    /// Reads 1 .. room.size() bytes, large ones past the buffer. 0: nothing will come any more.
    [[nodiscard]] std::size_t read_some(std::span<std::byte> room);
    /// Passes over `count` bytes, waiting for them if it must.
    [[nodiscard]] bool skip(std::size_t count);
    [[nodiscard]] State state() const { return state_; }
    /// Runs `look` as if nothing more would ever arrive, then takes back all that it used up.
    template <typename Look>
    auto rehearse(Look look) {
        const State state = std::exchange(state_, State::end_of_stream);
        const std::span<const std::byte> rest = rest_;
        auto seen = look();
        state_ = state;
        rest_ = rest;
        return seen;
    }

  private:
    [[nodiscard]] std::size_t read_source(std::span<std::byte> room);

    ByteSource& source_;
    State state_ = State::open;
    std::span<const std::byte> rest_;  ///< within the primed bytes or the buffer, never both
    std::array<std::byte, kBufferBytes> buffer_{};
};

}  // namespace phalanx::fastcgi

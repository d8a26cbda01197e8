#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "output.hpp"

namespace phalanx::log {

/// The lines an output has not taken yet, bounded. Once full it stays shut until half of it has been written,
/// so that a reader that is slow for long costs one gap and one line about it instead of many.
class LineQueue {
  public:
    explicit LineQueue(std::size_t limit) : limit_(limit) {}

    /// Writes the line or keeps what is left of it; drops and counts it where there is no room.
    void add(std::string_view line, Output& output);
    /// Writes kept lines, oldest first, as far as the output takes them.
    void flush(Output& output);
    /// Another output follows: a line that was written in part is written whole.
    void begin_again() { written_of_first_ = 0; }

    [[nodiscard]] bool is_empty() const { return lines_.empty(); }
    /// Lines dropped since the last take_lost(), once there is room again to say so; 0 before.
    [[nodiscard]] std::uint64_t take_lost();

  private:
    std::size_t limit_;
    std::deque<std::string> lines_;
    std::size_t bytes_ = 0;  ///< of all lines kept, written parts included
    std::size_t written_of_first_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace phalanx::log

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace phalanx::fuzz {

/// An input of the fuzzer taken as a series of decisions. Once it is used up, all numbers are 0 and texts
/// empty.
class Choices {
  public:
    explicit Choices(std::span<const std::uint8_t> input) : left_(input) {}

    [[nodiscard]] bool none_left() const { return left_.empty(); }
    std::uint8_t byte() {
        if (left_.empty()) return 0;
        const std::uint8_t first = left_.front();
        left_ = left_.subspan(1);
        return first;
    }
    /// 0 .. bound - 1; the bound is 256 at most.
    std::size_t below(std::size_t bound) { return byte() % bound; }
    bool yes() { return (byte() & 1U) != 0; }
    std::uint32_t number() {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i) value = value << 8U | byte();
        return value;
    }
    std::string text(std::size_t most) {
        const std::size_t size = std::min(most, left_.size());
        std::string bytes(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(size));
        left_ = left_.subspan(size);
        return bytes;
    }

  private:
    std::span<const std::uint8_t> left_;
};

inline void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace phalanx::fuzz
